// SPDX-License-Identifier: MIT
// The uid is a contract: the same network has the same uid in every version.
#include <gtest/gtest.h>

#include <map>

#include "test_config_support.hpp"

namespace shoal {
namespace {

std::string uid_of(const std::string& text) {
    return parse(text).networks.at(0).uid;
}

// Stored when the first version was made. A change here orphans every run ever stored: new keys
// must stay out of the canonical text of networks that do not use them.
TEST(Uid, StoredValues) {
    EXPECT_EQ(uid_of("{}"), "9ae5bde7bc2221a5");
    EXPECT_EQ(uid_of("seed: 2"), "1d620d96bbc888ac");
    EXPECT_EQ(uid_of("network: {units: 1000, gain: 1.5, density: 0.4, feedback_scale: 0.025}"),
              "84e3dd9f8c867b9a");
    EXPECT_EQ(uid_of(four_rows), "ef3a4fb8d8e102ac");
    EXPECT_EQ(uid_of("sweep: {replicate: [3]}"), "55ad5210c05b8b53");
}

TEST(Uid, StoredCanonicalText) {
    EXPECT_EQ(canonical_spec(parse("{}").networks[0]),
              R"({"network.cell":"current","network.density":0.6,"network.dt":0.1,)"
              R"("network.feedback_scale":0.2,"network.gain":1.2,"network.init":"gauss",)"
              R"("network.input_scale":0.02,"network.tau":1,"network.units":200,)"
              R"("replicate":0,"seed":1,"task.codes":[1, 0.5, 1.5],)"
              R"("task.durations.delay1":5,"task.durations.delay2":5,)"
              R"("task.durations.response":5,"task.durations.stimulus1":10,)"
              R"("task.durations.stimulus2":10,"task.kind":"sequential-sum",)"
              R"("task.source":"digits","training.alpha":1,"training.error":"epochs",)"
              R"("training.method":"force","training.trials":3500})");
}

TEST(Uid, EveryKeyThatMattersChangesIt) {
    std::map<std::string, std::string> seen = {{uid_of("{}"), "{}"}};
    for (const char* text : {"seed: 2",
                             "sweep: {replicate: [1]}",
                             "network: {units: 100}",
                             "network: {cell: rate}",
                             "network: {tau: 2}",
                             "network: {dt: 0.2}",
                             "network: {gain: 1.1}",
                             "network: {density: 0.5}",
                             "network: {feedback_scale: 1}",
                             "network: {input_scale: 1}",
                             "network: {init: uniform}",
                             "task: {source: gaussians}",
                             "task: {codes: [1, 0.5, 1.4]}",
                             "task: {durations: {stimulus1: 11}}",
                             "task: {durations: {delay1: 11}}",
                             "task: {durations: {stimulus2: 11}}",
                             "task: {durations: {delay2: 11}}",
                             "task: {durations: {response: 11}}",
                             "task: {source: gaussians, gaussians: {std: 0.5}}",
                             "task: {source: gaussians, gaussians: {means: [[0, 0], [1, 1]]}}",
                             "training: {trials: 10}",
                             "training: {alpha: 2}",
                             "training: {error: everywhere}",
                             "training: {accept: {score: r2}}",
                             "training: {accept: {at_least: 0.9}}",
                             "training: {accept: {score: within}}",
                             "training: {accept: {score: within, tolerance: 0.2}}"}) {
        const auto [other, fresh] = seen.emplace(uid_of(text), text);
        EXPECT_TRUE(fresh) << text << " and " << other->second;
    }
}

TEST(Uid, NamesAnalysisAndNotationDoNot) {
    const std::string uid = uid_of("{}");
    for (const char* text :
         {"name: other", "analysis: {rule_a: true}", "network: {gain: 1.20}",
          "network: {gain: 12e-1, units: 200}", "sweep: {network.gain: [1.2]}",
          "sweep: {replicate: 4}", "seed: 1\nname: b", "task: {codes: [1.0, 5e-1, +1.5]}",
          "training: {accept: {score: task}}"}) {
        EXPECT_EQ(uid_of(text), uid) << text;
    }
}

TEST(Uid, SettingsThatCannotMatterStayOut) {
    NetworkSpec spec = parse("{}").networks[0];
    const std::string uid = make_uid(spec);
    spec.task.gaussians.std = 3.0;
    EXPECT_EQ(make_uid(spec), uid) << "digits use no Gaussians";
    spec.network.density = 0.1;
    EXPECT_NE(make_uid(spec), uid);
    spec.network.init = Init::file;
    const std::string of_file = make_uid(spec);
    spec.network.density = 0.2;
    EXPECT_EQ(make_uid(spec), of_file) << "a file has no density";
    spec.network.content = "0123456789abcdef";
    EXPECT_NE(make_uid(spec), of_file);
}

TEST(Uid, OrderOfKeysDoesNotMatter) {
    const Config a = parse("network: {gain: 1, dt: 0.2}\nseed: 3\nsweep: {replicate: 2}");
    const Config b = parse("sweep: {replicate: 2}\nseed: 3\nnetwork: {dt: 0.2, gain: 1}");
    EXPECT_TRUE(same_networks(a, b));
}

TEST(Uid, RowsAddedToASweepChangeNoOtherRow) {
    const auto by_row = [](const Config& config) {
        std::map<std::pair<double, std::uint32_t>, std::string> uids;
        for (const NetworkSpec& spec : config.networks) {
            uids[{spec.network.gain, spec.replicate}] = spec.uid;
        }
        return uids;
    };
    const auto few = by_row(parse(four_rows));
    const auto many =
        by_row(parse(four_rows, {"sweep.network.gain=[0.1, 0.8, 0.9, 1.2]", "sweep.replicate=5"}));
    EXPECT_EQ(few.size(), 4u);
    EXPECT_EQ(many.size(), 20u);
    for (const auto& [row, uid] : few) {
        EXPECT_EQ(many.at(row), uid);
    }
}

}  // namespace
}  // namespace shoal
