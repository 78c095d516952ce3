// SPDX-License-Identifier: MIT
// analyze --weights over several files: one answer, kept network by network.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "store/exchange_files.hpp"
#include "store/hdf5.hpp"
#include "test_cli_program.hpp"

namespace shoal::test {
namespace {

/// Random networks, each with two memory states.
WeightsFile random_networks(int networks, int units, std::uint32_t seed) {
    WeightsFile weights;
    weights.networks = networks;
    weights.units = units;
    const auto size = static_cast<std::uint32_t>(units);
    const auto count = static_cast<std::uint32_t>(networks);
    for (std::uint32_t i = 0; i < count * size * size; ++i) {
        weights.recurrent.push_back(
            1.5 / std::sqrt(units) *
            standard_normal(random_bits({seed, 0}, Purpose::test, 0, 0, i)));
    }
    weights.initial_trials = 2;
    for (std::uint32_t i = 0; i < 2 * size; ++i) {
        weights.initial_state.push_back(
            standard_normal(random_bits({seed, 0}, Purpose::test, 0, 1, i)));
    }
    return weights;
}

std::vector<std::string> both(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"analyze", "--weights", "a.h5",      "b.h5",
                                          "--out",   "both.h5",   "--threads", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

TEST_F(CommandLine, SeveralWeightsFilesAreOneAnswer) {
    write_weights_h5("a.h5", random_networks(2, 16, 1));
    write_weights_h5("b.h5", random_networks(1, 16, 2));
    const Outcome outcome = shoal(both({"--json", "--quiet"}));
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    auto networks = nlohmann::json::parse(outcome.out)["networks"];
    ASSERT_EQ(networks.size(), 3u);
    EXPECT_EQ(hdf5::ReadGroup("both.h5").strings("uid", {3}),
              (std::vector<std::string>{"a/0", "a/1", "b/0"}));
    EXPECT_EQ(networks[2]["uid"], "b/0");

    // In company and alone they are the same.
    std::vector<nlohmann::json> alone;
    for (const char* file : {"a.h5", "b.h5"}) {
        const Outcome one = shoal({"analyze", "--weights", file, "--json", "--quiet"});
        const auto answer = nlohmann::json::parse(one.out);
        for (const auto& network : answer["networks"]) {
            alone.push_back(network);
        }
    }
    for (std::size_t i = 0; i < 3; ++i) {
        networks[i].erase("uid");
        EXPECT_EQ(networks[i], alone[i]);
    }
    const auto states = [](const char* file) {
        const hdf5::ReadGroup points = hdf5::ReadGroup(file).group("fixed_points");
        return points.numbers("state", points.extents("state"));
    };
    auto parts = states("a.analysis.h5");
    const auto last = states("b.analysis.h5");
    parts.insert(parts.end(), last.begin(), last.end());
    EXPECT_EQ(states("both.h5"), parts);

    // Uids of their own stay; one that occurs twice names nothing.
    WeightsFile a = random_networks(2, 16, 1);
    WeightsFile b = random_networks(1, 16, 2);
    const auto uids_with = [&](const char* third) {
        a.uids = {"first", "second"};
        b.uids = {third};
        write_weights_h5("a.h5", a);
        write_weights_h5("b.h5", b);
        EXPECT_EQ(shoal(both({"--quiet"})).status, 0);
        return hdf5::ReadGroup("both.h5").strings("uid", {3});
    };
    EXPECT_EQ(uids_with("third"), (std::vector<std::string>{"first", "second", "third"}));
    EXPECT_EQ(uids_with("first"), (std::vector<std::string>{"a/0", "a/1", "b/0"}));
}

TEST_F(CommandLine, WeightsFilesGoOnFromWhereTheyWereStopped) {
    write_weights_h5("a.h5", random_networks(3, 30, 1));
    write_weights_h5("b.h5", random_networks(2, 30, 2));
    ASSERT_EQ(Program(both()).wait(), 0) << output();
    fs::rename("both.h5", "whole.h5");
    EXPECT_FALSE(fs::exists("both.h5.parts"));

    kill_until_done(both(), 7, SIGKILL);
    expect_same_file("whole.h5", "both.h5");
    EXPECT_FALSE(fs::exists("both.h5.parts"));

    // Every network is kept when it is finished, and stays whatever happens then.
    const auto stopped_behind = [](int networks, int signal) {
        fs::remove("both.h5");
        const fs::path last = fmt::format("both.h5.parts/begun-{:08}.bin", networks - 1);
        Program program(both());
        for (int i = 0; i < 60000 && !fs::exists(last); ++i) {
            std::this_thread::sleep_for(milliseconds(1));
        }
        program.send(signal);
        return program.wait();
    };
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}) {
        SCOPED_TRACE(signal);
        EXPECT_EQ(stopped_behind(1, signal), 5) << output();
        EXPECT_EQ(type(shown_command()), 0) << output();
        expect_same_file("whole.h5", "both.h5");
    }
    EXPECT_EQ(stopped_behind(2, SIGKILL), 1000 + SIGKILL);
    const SegmentStore<BegunAnalysis> kept("both.h5.parts", "begun");
    EXPECT_GE(kept.size(), 2u);
    for (const std::string& uid : kept.uids()) {
        EXPECT_EQ(kept.read(uid)->part, "verdict");
    }
    const Outcome limited = shoal(both({"--max-hours", "1e-9"}));
    EXPECT_EQ(limited.status, 5);
    expect_contains(limited.err, "Go on with: shoal analyze --weights a.h5 b.h5 --out both.h5");
    ASSERT_EQ(Program(both()).wait(), 0) << output();
    expect_same_file("whole.h5", "both.h5");
}

TEST_F(CommandLine, WeightsFilesThatDoNotGoTogether) {
    write_weights_h5("a.h5", random_networks(1, 8, 1));
    write_weights_h5("b.h5", random_networks(1, 9, 2));
    const auto fails = [](const std::vector<std::string>& arguments, const char* part) {
        const Outcome outcome = shoal(arguments);
        EXPECT_EQ(outcome.status, 2);
        expect_contains(outcome.err, part);
        EXPECT_LE(lines(outcome.err), 2u);
    };
    fails(both(), "a.h5 and b.h5 differ in units");
    fails({"analyze", "--weights", "a.h5", "b.h5"}, "give --out FILE");
    fails({"analyze", "--weights", "a.h5", "./a.h5", "--out", "o.h5"}, "./a.h5 is given twice");
    fails({"analyze", "--weights", "a.h5", "--out", "./a.h5"}, "is a file that is read");
    EXPECT_EQ(shoal({"analyze", "--weights", "a.h5", "none.h5", "--out", "o.h5"}).status, 3);
    EXPECT_FALSE(fs::exists("o.h5"));
    EXPECT_FALSE(fs::exists("o.h5.parts"));
}

}  // namespace
}  // namespace shoal::test
