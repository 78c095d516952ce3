// SPDX-License-Identifier: MIT
// Commands in process with their output caught, tiny runs, and comparison of run directories.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "cli/command_line.hpp"
#include "core/file.hpp"
#include "core/stop.hpp"
#include "store/described_bytes.hpp"
#include "store/population_file.hpp"
#include "store/segments.hpp"
#include "temporary_folder.hpp"

namespace shoal::test {

namespace fs = std::filesystem;

struct Outcome {
    int status = 0;
    std::string out;  ///< stdout
    std::string err;  ///< stderr
};

/// `shoal <arguments>` in this process.
inline Outcome shoal(const std::vector<std::string>& arguments) {
    std::vector<const char*> argv = {"shoal"};
    for (const std::string& argument : arguments) {
        argv.push_back(argument.c_str());
    }
    clear_stop_request();
    Outcome outcome;
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    outcome.status = run_command_line(static_cast<int>(argv.size()), argv.data());
    outcome.out = testing::internal::GetCapturedStdout();
    outcome.err = testing::internal::GetCapturedStderr();
    return outcome;
}

inline void expect_contains(const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << "'" << part << "' is not in:\n" << text;
}

/// Lines of a message.
inline std::size_t lines(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// Each test works in an empty folder of its own, and starts in it.
class CommandLine : public testing::Test {
  protected:
    CommandLine() : before_(fs::current_path()) {
        fs::current_path(folder_);
        fs::copy_file(SHOAL_SOURCE_DIR "/tests/support/small.yaml", "small.yaml");
    }
    ~CommandLine() override { fs::current_path(before_); }

    static void write(const fs::path& path, const std::string& content) {
        std::ofstream(path, std::ios::binary) << content;
    }

    /// Trains the small configuration into `out` (further options may follow); must succeed.
    static void train(const std::string& out, const std::vector<std::string>& more = {}) {
        std::vector<std::string> arguments = {"train", "small.yaml", "--out", out, "--quiet"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const Outcome outcome = shoal(arguments);
        ASSERT_EQ(outcome.status, 0) << outcome.err;
    }
    /// The same for the whole job.
    static void run(const std::string& out, const std::vector<std::string>& more = {}) {
        std::vector<std::string> arguments = {"run", "small.yaml", "--out", out, "--quiet"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const Outcome outcome = shoal(arguments);
        ASSERT_EQ(outcome.status, 0) << outcome.err;
    }

    TemporaryFolder temporary_;
    fs::path folder_ = temporary_.path();

  private:
    fs::path before_;
};

/// Twelve tiny networks in place of the 672 of a paper, whose claims `reproduce` tests.
inline std::vector<std::string> tiny_memory(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"reproduce", "ghazizadeh2021", "--quiet"};
    for (const char* set :
         {"network.units=30", "network.input_scale=0.05", "task.source=gaussians",
          "task.codes=[1.0, 1.0, 1.0]", "task.durations.stimulus1=1", "task.durations.delay1=1",
          "task.durations.stimulus2=1", "task.durations.delay2=1", "task.durations.response=1",
          "training.trials=40", "sweep.network.gain=[0.8, 1.2]", "sweep.network.density=[0.6]",
          "sweep.network.feedback_scale=[0.2, 1.0]", "sweep.replicate=3"}) {
        arguments.insert(arguments.end(), {"--set", set});
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

/// Everything population.h5 says of each network, as bytes: record, gain x matrix, input, feedback,
/// readout, bias, state.
inline std::map<std::string, std::vector<std::byte>> networks_of(const fs::path& run) {
    const PopulationFile file(run / "population.h5");
    std::map<std::string, std::vector<std::byte>> networks;
    for (const std::string& uid : file.uids()) {
        ByteWriter bytes;
        put_record(bytes, file.network(uid));
        const NetworkModel model = file.model(uid);
        std::vector<double> row(static_cast<std::size_t>(model.units));
        for (int to = 0; to < model.units; ++to) {
            model.recurrent->row(to, row);
            for (double& weight : row) {
                weight *= model.gain;
            }
            bytes.put(row);
        }
        bytes.put(model.input);
        bytes.put(model.feedback);
        bytes.put(model.readout);
        bytes.put(model.bias);
        bytes.put(model.initial_state);
        networks.emplace(uid, bytes.take());
    }
    return networks;
}

inline void expect_same_file(const fs::path& a, const fs::path& b) {
    EXPECT_EQ(read_file(a), read_file(b)) << a << " and " << b << " differ";
}

/// Results that must not depend on how a run came about.
inline void expect_same_results(const fs::path& a, const fs::path& b) {
    for (const char* file : {"population.h5", "analysis.h5", "population.csv"}) {
        expect_same_file(a / file, b / file);
    }
}

/// Cells of a CSV file without quoted fields, [row][column].
inline std::vector<std::vector<std::string>> read_csv(const fs::path& path) {
    std::vector<std::vector<std::string>> rows;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        auto& row = rows.emplace_back();
        std::size_t from = 0;
        for (std::size_t comma = 0; comma != std::string::npos; from = comma + 1) {
            comma = line.find(',', from);
            row.push_back(line.substr(from, comma - from));
        }
    }
    return rows;
}

}  // namespace shoal::test
