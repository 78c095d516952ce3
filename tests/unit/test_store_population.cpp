// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "any_record.hpp"
#include "model/network.hpp"
#include "store/exchange_files.hpp"
#include "test_store_support.hpp"

namespace shoal::test {
namespace {

void write_small(const std::filesystem::path& path, Precision precision) {
    const Config config = small_population();
    write_population(path, config, precision,
                     [&](const NetworkSpec& spec) { return record_of(config, spec); });
}

TEST(PopulationFile, GroupsByUnitsCellAndShape) {
    Config config = small_population();
    NetworkSpec other = spec_of(7, Cell::current, 0.8, 5);
    other.task.durations.delay1 = 9.0;
    config.networks.push_back(other);

    const std::vector<std::string> expected = {"n7", "n5_rate", "n7",  "n5_rate",
                                               "n7", "n7",      "n7_2"};
    EXPECT_EQ(population_groups(config), expected);
}

TEST(PopulationFile, RoundTripIsExact) {
    const Folder folder;
    const Config config = small_population();
    for (const Precision precision : {Precision::fp32, Precision::fp64}) {
        write_small(folder / "population.h5", precision);
        const PopulationFile file(folder / "population.h5");

        ASSERT_EQ(file.uids().size(), config.networks.size());
        for (const NetworkSpec& spec : config.networks) {
            TrainedNetwork expected;
            expected.uid = spec.uid;
            EXPECT_TRUE(
                same_record(file.network(spec.uid), record_of(config, spec).value_or(expected)));
        }
    }
}

/// The matrix in the file is the factory's: rounded to float under fp32, exact under fp64, with the
/// gain apart where matrices are shared and inside where they are not.
TEST(PopulationFile, ModelHoldsTheTrainedNetwork) {
    const Folder folder;
    const Config config = small_population();
    NetworkFactory factory;
    for (const Precision precision : {Precision::fp32, Precision::fp64}) {
        write_small(folder / "population.h5", precision);
        const PopulationFile file(folder / "population.h5");
        const auto stored = [&](double x) {
            return precision == Precision::fp32 ? static_cast<double>(static_cast<float>(x)) : x;
        };
        for (const NetworkSpec& spec : config.networks) {
            const auto record = record_of(config, spec);
            if (!record) {
                EXPECT_THROW(file.model(spec.uid), Error);
                continue;
            }
            const NetworkModel expected = factory.make(spec, 2, 3);
            const NetworkModel found = file.model(spec.uid);
            const bool shared = spec.network.units == 7;
            EXPECT_EQ(found.units, spec.network.units);
            EXPECT_EQ(found.inputs, 2);
            EXPECT_EQ(found.outputs, 3);
            EXPECT_EQ(found.cell, spec.network.cell);
            EXPECT_EQ(found.tau, spec.network.tau);
            EXPECT_EQ(found.dt, spec.network.dt);
            EXPECT_EQ(found.gain, shared ? spec.network.gain : 1.0);
            EXPECT_EQ(found.readout, record->readout);
            EXPECT_EQ(found.initial_state, record->state);
            const auto n = static_cast<std::size_t>(spec.network.units);
            std::vector<double> a(n), b(n);
            for (int to = 0; to < spec.network.units; ++to) {
                expected.recurrent->row(to, a);
                found.recurrent->row(to, b);
                for (std::size_t from = 0; from < n; ++from) {
                    EXPECT_EQ((shared ? 1.0 : spec.network.gain) * stored(a[from]), b[from]);
                }
            }
            for (std::size_t k = 0; k < found.input.size(); ++k) {
                EXPECT_EQ(found.input[k], stored(expected.input[k]));
            }
            for (std::size_t k = 0; k < found.feedback.size(); ++k) {
                EXPECT_EQ(found.feedback[k], stored(expected.feedback[k]));
            }
        }
    }
}

TEST(PopulationFile, NetworksThatShareAMatrixShareItWhenRead) {
    const Folder folder;
    write_small(folder / "population.h5", Precision::fp32);
    const PopulationFile file(folder / "population.h5");
    const Config config = small_population();

    const NetworkModel a = file.model(config.networks[0].uid);
    const NetworkModel b = file.model(config.networks[4].uid);
    const NetworkModel c = file.model(config.networks[5].uid);

    EXPECT_EQ(a.recurrent, b.recurrent);  // gains 0.8 and 1.25 of replicate 0
    EXPECT_NE(a.recurrent, c.recurrent);  // replicate 1
}

TEST(PopulationFile, EqualContentGivesEqualBytes) {
    const Folder folder;
    write_small(folder / "a.h5", Precision::fp32);
    // Memory that the library forgot to clear would differ the second time.
    std::vector<std::vector<char>> litter;
    for (std::size_t size = 16; size < 100000; size = size * 3 / 2) {
        litter.emplace_back(size, '\x5a');
    }
    litter.clear();
    write_small(folder / "b.h5", Precision::fp32);

    EXPECT_EQ(read_file(folder / "a.h5"), read_file(folder / "b.h5"));
}

TEST(PopulationFile, XarrayReadsNamesAndCoordinates) {
    const Folder folder;
    write_small(folder / "population.h5", Precision::fp32);

    EXPECT_EQ(python("read_population.py", (folder / "population.h5").string()), 0);
}

TEST(PopulationFile, BadFilesAreNamed) {
    const Folder folder;
    EXPECT_NE(file_error_of([&] { PopulationFile(folder / "none.h5"); }).find("none.h5"),
              std::string::npos);
    replace_file(folder / "text.h5", "not HDF5");
    EXPECT_NE(
        file_error_of([&] { PopulationFile(folder / "text.h5"); }).find("not a readable HDF5"),
        std::string::npos);
    write_small(folder / "population.h5", Precision::fp32);
    const PopulationFile file(folder / "population.h5");
    EXPECT_NE(file_error_of([&] { file.network("0123"); }).find("has no network 0123"),
              std::string::npos);
}

TEST(PopulationFile, OtherSchemaVersionIsRefused) {
    const Folder folder;
    write_small(folder / "population.h5", Precision::fp32);
    ASSERT_EQ(python("edit_h5.py", (folder / "population.h5").string() + " schema_version 99"), 0);

    const std::string message = file_error_of([&] { PopulationFile(folder / "population.h5"); });

    EXPECT_NE(message.find("schema_version 99 is not the one this program reads (1)"),
              std::string::npos)
        << message;
}

TEST(PopulationFile, MissingDatasetIsNamed) {
    const Folder folder;
    write_small(folder / "population.h5", Precision::fp32);
    ASSERT_EQ(python("edit_h5.py", (folder / "population.h5").string() + " delete n7/readout"), 0);

    const std::string message = file_error_of([&] { PopulationFile(folder / "population.h5"); });

    EXPECT_NE(message.find("/n7/readout: missing dataset"), std::string::npos) << message;
}

}  // namespace
}  // namespace shoal::test
