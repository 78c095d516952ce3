// SPDX-License-Identifier: MIT
// Files that a configuration names, and the file that it is.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/file.hpp"
#include "test_config_support.hpp"

namespace shoal {
namespace {

/// A folder of its own for each test, removed at the end.
class ConfigFiles : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() /
                  (std::string("shoal_config_") +
                   testing::UnitTest::GetInstance()->current_test_info()->name() + "_" +
                   std::to_string(::testing::UnitTest::GetInstance()->random_seed()) +
                   std::to_string(std::filesystem::hash_value(std::filesystem::current_path())));
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_ / "data");
        write("data/trials.h5", "trials");
        write("data/weights.h5", "weights");
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path write(const std::string& name, const std::string& content) {
        std::ofstream(folder_ / name, std::ios::binary) << content;
        return folder_ / name;
    }
    Config load(const std::string& text, const std::vector<std::string>& overrides = {}) {
        return load_config(write("config.yaml", text), overrides);
    }
    Error load_error(const std::string& text) {
        try {
            load(text);
        } catch (const Error& error) {
            return error;
        }
        return {ExitCode::done, "loads"};
    }
    std::string at(const std::string& place) const {
        return (folder_ / "config.yaml").string() + ":" + place + ": ";
    }

    std::filesystem::path folder_;
};

TEST_F(ConfigFiles, PathsAreRelativeToTheConfigsFolder) {
    const Config config = load("task: {kind: file, path: data/../data/trials.h5}");
    const TaskConfig& task = config.networks.at(0).task;
    EXPECT_EQ(task.path, (folder_ / "data/trials.h5").string());
    EXPECT_EQ(task.content, hex16(hash64("trials")));
    EXPECT_NE(config.resolved_yaml.find("\"" + task.path + "\""), std::string::npos);
    EXPECT_EQ(config.resolved_yaml.find("codes"), std::string::npos) << config.resolved_yaml;
}

TEST_F(ConfigFiles, TheUidDependsOnContentNotOnPath) {
    const std::string text = "task: {kind: file, path: data/trials.h5}";
    const std::string uid = load(text).networks[0].uid;
    write("copy.h5", "trials");
    EXPECT_EQ(load("task: {kind: file, path: copy.h5}").networks[0].uid, uid);
    write("data/trials.h5", "trials!");
    EXPECT_NE(load(text).networks[0].uid, uid);
}

TEST_F(ConfigFiles, ResolvedTextIsAFixedPointFromAnywhere) {
    for (const char* text :
         {"task: {kind: file, path: data/trials.h5}",
          "network: {init: file, path: data/weights.h5, units: 8}\nsweep: {replicate: 2}",
          "network: {init: file, path: data/weights.h5, units: 8, gain: 0.5}",
          "task: {path: data/trials.h5}",
          "network: {path: data/weights.h5, units: 8, gain: 1, density: 0.3}\n"
          "sweep: {network.init: [gauss, file]}",
          "network: {init: file, units: 8}\n"
          "sweep: {network.path: [data/weights.h5, data/trials.h5]}"}) {
        const Config first = load(text);
        const Config second = parse(first.resolved_yaml);
        EXPECT_EQ(second.resolved_yaml, first.resolved_yaml);
        EXPECT_TRUE(same_networks(first, second)) << text;
    }
}

TEST_F(ConfigFiles, TheGainOfAFileIsOneUnlessGiven) {
    const std::string init = "network: {init: file, path: data/weights.h5, units: 8";
    EXPECT_EQ(load(init + "}").networks[0].network.gain, 1.0);
    EXPECT_EQ(load(init + ", gain: 1.5}").networks[0].network.gain, 1.5);
    EXPECT_EQ(load("{}").networks[0].network.gain, 1.2);
    const Config swept =
        load("network: {path: data/weights.h5, units: 8}\nsweep: {network.init: [file]}");
    EXPECT_EQ(swept.networks[0].network.gain, 1.0);
}

TEST_F(ConfigFiles, RowsWithoutTheFileDoNotCarryIt) {
    const Config config = load(
        "network: {path: data/weights.h5, units: 8, gain: 1}\n"
        "sweep: {network.init: [gauss, file]}");
    EXPECT_EQ(config.networks.at(0).network.path, "");
    EXPECT_EQ(config.networks.at(0).network.content, "");
    EXPECT_EQ(config.networks.at(1).network.content, hex16(hash64("weights")));
    EXPECT_EQ(config.networks.at(0).uid, load("network: {units: 8, gain: 1}").networks[0].uid);
}

TEST_F(ConfigFiles, WrongCombinationsAreToldTogether) {
    const Error error = load_error(
        "network: {init: file, path: data/weights.h5, density: 0.5}\n"
        "task: {kind: file, path: data/trials.h5, source: digits,\n"
        "  codes: [1, 2, 3], durations: {delay1: 3}}");
    EXPECT_EQ(error.code(), ExitCode::usage);
    const auto lines = lines_of(error.what());
    ASSERT_EQ(lines.size(), 5u) << error.what();
    EXPECT_TRUE(lines[0].starts_with(at("1:17") + "init: file without network.units"));
    EXPECT_TRUE(lines[1].starts_with(at("1:55") + "network.density has no effect"));
    EXPECT_TRUE(lines[2].starts_with(at("2:50") + "task.source has no effect"));
    EXPECT_TRUE(lines[3].starts_with(at("3:10") + "task.codes has no effect"));
    EXPECT_TRUE(lines[4].starts_with(at("3:41") + "task.durations.delay1 has no effect"));
}

TEST_F(ConfigFiles, InitsWithDifferentDefaultGainsAskForTheGain) {
    const Error error = load_error(
        "network: {path: data/weights.h5, units: 8}\n"
        "sweep: {network.init: [gauss, file]}");
    EXPECT_EQ(std::string(error.what()),
              at("2:9") +
                  "network.init is swept over values for which network.gain has different "
                  "defaults; give network.gain");
}

TEST_F(ConfigFiles, AMissingFileIsAFileErrorAtItsPlace) {
    const Error error = load_error("name: a\ntask: {kind: file, path: none.h5}");
    EXPECT_EQ(error.code(), ExitCode::file);
    const std::string message = error.what();
    EXPECT_TRUE(message.starts_with(at("2:26") + "task.path: ")) << message;
    EXPECT_NE(message.find((folder_ / "none.h5").string()), std::string::npos) << message;

    const Error swept = load_error("sweep: {task.path: [data/trials.h5,\n  none.csv, data]}");
    EXPECT_EQ(swept.code(), ExitCode::file);
    const auto lines = lines_of(swept.what());
    ASSERT_EQ(lines.size(), 2u) << swept.what();
    EXPECT_TRUE(lines[0].starts_with(at("2:3") + "task.path: ")) << lines[0];
    EXPECT_TRUE(lines[1].starts_with(at("2:13") + "task.path: ")) << lines[1];
    EXPECT_NE(lines[1].find("not a regular file"), std::string::npos) << lines[1];

    EXPECT_EQ(load_error("seed: x\ntask: {path: none.csv}").code(), ExitCode::usage)
        << "a mistake in the text goes before a missing file";
}

TEST_F(ConfigFiles, TheConfigItselfMustBeAFile) {
    const auto code_of = [](const std::filesystem::path& path) {
        try {
            load_config(path);
        } catch (const Error& error) {
            return error.code();
        }
        return ExitCode::done;
    };
    EXPECT_EQ(code_of(folder_ / "none.yaml"), ExitCode::file);
    EXPECT_EQ(code_of(folder_), ExitCode::file);
    EXPECT_EQ(code_of("/dev/zero"), ExitCode::file);
    const auto giant = write("giant.yaml", "");
    std::filesystem::resize_file(giant, std::uintmax_t{1} << 40);  // sparse
    EXPECT_EQ(code_of(giant), ExitCode::usage);
}

TEST_F(ConfigFiles, MessagesNameTheFileAsGiven) {
    const Error error = load_error("sede: 1");
    EXPECT_TRUE(std::string(error.what()).starts_with(at("1:1"))) << error.what();
}

}  // namespace
}  // namespace shoal
