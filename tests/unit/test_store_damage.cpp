// SPDX-License-Identifier: MIT
// Damaged files end in a file error or, where the damage is not seen, in a success; never in a
// crash.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "store/analysis_file.hpp"
#include "store/exchange_files.hpp"
#include "store/seal.hpp"
#include "test_store_support.hpp"

/// LeakSanitizer asks for this: the HDF5 library forgets memory of its own on damaged files.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libhdf5";
}

namespace shoal::test {
namespace {

using Bytes = std::vector<std::byte>;

/// Number `seed` of a fixed series of damages: cut short, one bit flipped, 16 bytes overwritten, 8
/// neighbours set to 0 or 255.
Bytes damaged(const Bytes& intact, std::uint32_t seed) {
    Bytes bytes = intact;
    const auto bits = [&](std::uint32_t i) {
        return random_bits({2, seed}, Purpose::test, 0, 0, i);
    };
    const auto place = [&](std::uint32_t i) {
        return uniform_index(bits(i), static_cast<std::uint32_t>(intact.size()) - 8);
    };
    switch (seed % 4) {
        case 0:
            bytes.resize(place(0));
            break;
        case 1:
            bytes[place(0)] ^= std::byte{1} << (bits(1) % 8);
            break;
        case 2:
            for (std::uint32_t k = 0; k < 16; ++k) {
                bytes[place(2 * k)] = static_cast<std::byte>(bits(2 * k + 1) & 0xffu);
            }
            break;
        default:
            std::fill_n(bytes.begin() + place(0), 8, std::byte(bits(1) % 2 == 0 ? 0 : 0xff));
    }
    if (bytes == intact) {  // zeros on zeros
        bytes[place(0)] ^= std::byte{0xff};
    }
    return bytes;
}

/// Reads `count` damaged versions of a file; returns how many were errors.
int errors_among(const std::filesystem::path& path, std::uint32_t count,
                 const std::function<void()>& read) {
    const Bytes intact = read_file(path);
    int errors = 0;
    for (std::uint32_t seed = 0; seed < count; ++seed) {
        SCOPED_TRACE("damage " + std::to_string(seed));
        const Bytes bytes = damaged(intact, seed);
        std::ofstream(path, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()),
                   static_cast<std::streamsize>(bytes.size()));
        try {
            read();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ExitCode::file);
            ++errors;
        }
    }
    return errors;
}

/// The file as another program would leave it.
void unseal(const std::filesystem::path& path) {
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 16);
    ASSERT_FALSE(check_seal(path));
}

void read_population(const std::filesystem::path& path) {
    const PopulationFile file(path);
    for (const std::string& uid : file.uids()) {
        if (file.network(uid).status != Status::pending) {
            file.model(uid);
        }
    }
}

WeightsFile small_weights() {
    WeightsFile weights;
    weights.units = 3;
    weights.inputs = 1;
    weights.recurrent = draws(1, 9);
    weights.input = draws(2, 3);
    weights.uids = {"only"};
    return weights;
}

TEST(DamagedFiles, SealedPopulationNeverPassesUnseen) {
    const Folder folder;
    const std::filesystem::path path = folder / "population.h5";
    const Config config = small_population();
    write_population(path, config, Precision::fp32,
                     [&](const NetworkSpec& spec) { return record_of(config, spec); });

    EXPECT_EQ(errors_among(path, 200, [&] { read_population(path); }), 200);
}

TEST(DamagedFiles, UnsealedPopulation) {
    const Folder folder;
    const std::filesystem::path path = folder / "population.h5";
    const Config config = small_population();
    write_population(path, config, Precision::fp32,
                     [&](const NetworkSpec& spec) { return record_of(config, spec); });
    unseal(path);
    read_population(path);  // as such it is good

    EXPECT_GT(errors_among(path, 100, [&] { read_population(path); }), 25);  // all cut ones
}

TEST(DamagedFiles, Analysis) {
    const Folder folder;
    const std::filesystem::path path = folder / "analysis.h5";
    NetworkAnalysis analysis;
    write_analysis(path, small_population(),
                   [&](const NetworkSpec& spec) {
                       analysis.uid = spec.uid;
                       return std::optional(analysis);
                   },
                   {});

    EXPECT_EQ(errors_among(path, 100, [&] { read_analysis(path); }), 100);
}

TEST(DamagedFiles, UnsealedWeights) {
    const Folder folder;
    const std::filesystem::path path = folder / "weights.h5";
    write_weights_h5(path, small_weights());
    unseal(path);

    EXPECT_GT(errors_among(path, 100, [&] { read_weights(path); }), 25);
}

TEST(DamagedFiles, WeightsOfAnotherProgram) {
    const Folder folder;
    ASSERT_EQ(python("exchange.py", "write-weights " + (folder / "w").string()), 0);
    const std::filesystem::path path = folder / "w-2d.h5";

    EXPECT_GT(errors_among(path, 100, [&] { read_weights(path); }), 25);
}

TEST(DamagedFiles, TrialsOfAnotherProgram) {
    const Folder folder;
    const std::filesystem::path path = folder / "trials.h5";
    ASSERT_EQ(python("exchange.py", "write-trials " + path.string()), 0);

    EXPECT_GT(errors_among(path, 100, [&] { read_trials(path); }), 25);
}

TEST(DamagedFiles, CrashOfTheReaderIsAnError) {
    const Folder folder;
    replace_file(folder / "any.h5", "content");

    const std::string message =
        file_error_of([&] { rehearse(folder / "any.h5", [] { std::raise(SIGKILL); }); });

    EXPECT_NE(message.find("any.h5: is a damaged HDF5 file"), std::string::npos) << message;
}

/// A file that cannot grow stands for a full disk: the writer gets the same errors from the system.
TEST(FullDisk, IsAnErrorAndLeavesTheOldFile) {
    const Folder folder;
    const std::filesystem::path path = folder / "population.h5";
    replace_file(path, "the old file");
    const Config config = small_population();

    const pid_t child = fork();
    if (child == 0) {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{20000, 20000};
        setrlimit(RLIMIT_FSIZE, &limit);
        static int errors = 0;
        // Runs after the library's clean-up, which must survive too, and before a leak checker that
        // would count what the library cannot free any more.
        std::atexit([] { std::_Exit(errors); });
        for (int kind = 0; kind < 2; ++kind) {
            try {
                if (kind == 0) {
                    write_population(path, config, Precision::fp32, [&](const NetworkSpec& spec) {
                        return record_of(config, spec);
                    });
                } else {
                    WeightsFile weights;
                    weights.units = 100;
                    weights.recurrent = draws(1, 10000);
                    write_weights_h5(path, weights);
                }
            } catch (const Error& error) {
                errors += error.code() == ExitCode::file ? 1 : 0;
            }
        }
        std::exit(errors);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);

    EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
    EXPECT_EQ(WEXITSTATUS(status), 2);
    EXPECT_EQ(read_text_file(path), "the old file");
    for (const auto& entry : std::filesystem::directory_iterator(path.parent_path())) {
        EXPECT_EQ(entry.path(), path);
    }
}

}  // namespace
}  // namespace shoal::test
