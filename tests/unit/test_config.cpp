// SPDX-License-Identifier: MIT
// What a good configuration means: rows, order, overrides, resolved text, shards.
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <tuple>

#include "config/keys.hpp"
#include "test_config_support.hpp"

namespace shoal {
namespace {

TEST(Config, EverythingHasADefault) {
    const Config config = parse("{}");
    ASSERT_EQ(config.networks.size(), 1u);
    const NetworkSpec& spec = config.networks[0];
    EXPECT_EQ(config.name, "run");
    EXPECT_EQ(config.seed, 1u);
    EXPECT_EQ(spec.seed, 1u);
    EXPECT_EQ(spec.replicate, 0u);
    EXPECT_EQ(spec.network, NetworkConfig{});
    EXPECT_EQ(spec.task, TaskConfig{});
    EXPECT_EQ(spec.training, TrainingConfig{});
    EXPECT_EQ(config.analysis, AnalysisConfig{});
    EXPECT_TRUE(spec.swept.empty());
    EXPECT_TRUE(config.swept_keys.empty());
}

TEST(Config, EveryKeyIsRead) {
    const Config config = parse(four_rows);
    ASSERT_EQ(config.networks.size(), 4u);
    EXPECT_EQ(config.name, "four");
    EXPECT_EQ(config.seed, 7u);
    EXPECT_TRUE(config.analysis.rule_a);
    const NetworkSpec& spec = config.networks[0];
    EXPECT_EQ(spec.seed, 7u);
    EXPECT_EQ(spec.network.units, 40);
    EXPECT_EQ(spec.network.cell, Cell::rate);
    EXPECT_EQ(spec.network.tau, 2.0);
    EXPECT_EQ(spec.network.dt, 0.5);
    EXPECT_EQ(spec.network.density, 0.5);
    EXPECT_EQ(spec.network.init, Init::uniform);
    EXPECT_EQ(spec.network.feedback_scale, 0.2);
    EXPECT_EQ(spec.task.source, StimulusSource::gaussians);
    EXPECT_EQ(spec.task.durations, (SequentialSumDurations{4, 3, 4, 3, 2}));
    EXPECT_EQ(spec.task.gaussians.std, 0.3);
    EXPECT_EQ(spec.training.trials, 20);
    EXPECT_EQ(spec.training.alpha, 0.5);
    EXPECT_EQ(spec.training.error, ErrorSchedule::everywhere);
}

TEST(Config, SweepIsAProductFirstKeySlowest) {
    const Config config = parse(four_rows);
    std::vector<std::pair<double, std::uint32_t>> rows;
    for (const NetworkSpec& spec : config.networks) {
        rows.emplace_back(spec.network.gain, spec.replicate);
        ASSERT_EQ(spec.swept.size(), 1u);
        EXPECT_EQ(spec.swept[0].first, "network.gain");
        EXPECT_EQ(std::get<double>(spec.swept[0].second), spec.network.gain);
    }
    EXPECT_EQ(rows, (std::vector<std::pair<double, std::uint32_t>>{
                        {0.8, 3}, {0.8, 1}, {1.2, 3}, {1.2, 1}}));
    EXPECT_EQ(config.swept_keys, std::vector<std::string>{"network.gain"});
    EXPECT_EQ(config.networks[3].position, 3u);

    const Config turned =
        parse("sweep: {replicate: 2, network.units: [8, 16], task.source: [gaussians, digits]}");
    ASSERT_EQ(turned.networks.size(), 8u);
    EXPECT_EQ(turned.networks[3].replicate, 0u);
    EXPECT_EQ(turned.networks[4].replicate, 1u);
    EXPECT_EQ(turned.networks[2].network.units, 16);
    EXPECT_EQ(turned.networks[1].task.source, StimulusSource::digits);
    EXPECT_EQ(turned.swept_keys, (std::vector<std::string>{"network.units", "task.source"}));
}

const std::string zipped = R"(network: {units: 8}
sweep:
  network.init, network.gain: [[gauss, 0.5], [gauss, 1.5], [orthogonal, 1.0]]
  task.durations.delay1: [5, 10]
  replicate: 2
)";

TEST(Config, KeysThatVaryTogetherTakeRowsInStep) {
    const Config config = parse(zipped);
    std::vector<std::tuple<Init, double, double, std::uint32_t>> rows;
    for (const NetworkSpec& spec : config.networks) {
        rows.emplace_back(spec.network.init, spec.network.gain, spec.task.durations.delay1,
                          spec.replicate);
        ASSERT_EQ(spec.swept.size(), 3u);
        EXPECT_EQ(spec.swept[0].second, SweepValue(std::string(name_of(spec.network.init))));
        EXPECT_EQ(spec.swept[1].first, "network.gain");
        EXPECT_EQ(spec.swept[1].second, SweepValue(spec.network.gain));
        EXPECT_EQ(spec.swept[2].first, "task.durations.delay1");
    }
    ASSERT_EQ(rows.size(), 12u);
    EXPECT_EQ(rows[0], std::tuple(Init::gauss, 0.5, 5.0, 0u));
    EXPECT_EQ(rows[3], std::tuple(Init::gauss, 0.5, 10.0, 1u));
    EXPECT_EQ(rows[4], std::tuple(Init::gauss, 1.5, 5.0, 0u));
    EXPECT_EQ(rows[11], std::tuple(Init::orthogonal, 1.0, 10.0, 1u));
    EXPECT_EQ(config.swept_keys,
              (std::vector<std::string>{"network.init", "network.gain", "task.durations.delay1"}));
    EXPECT_EQ(config.axes,
              (std::vector<std::string>{"network.init, network.gain", "task.durations.delay1"}));
}

TEST(Config, UidsDoNotDependOnHowTheSweepWasWritten) {
    const Config together = parse(zipped);
    const Config product = parse(
        "network: {units: 8}\nsweep: {replicate: 2, network.gain: [1, 1.5, 0.5],\n"
        "  task.durations.delay1: [10, 5], network.init: [orthogonal, gauss]}");
    std::set<std::string> uids;
    for (const NetworkSpec& spec : product.networks) {
        uids.insert(spec.uid);
    }
    EXPECT_EQ(uids.size(), 24u);
    for (const NetworkSpec& spec : together.networks) {
        EXPECT_TRUE(uids.contains(spec.uid)) << spec.position;
    }
}

TEST(Config, KeysThatVaryTogetherDecideDefaults) {
    const Config config = parse(
        "sweep:\n  network.init, network.units: [[orthogonal, 8], [quasi-periodic, 16]]\n"
        "  training.method, task.kind: [[bptt, copy], [bptt, interval]]");
    ASSERT_EQ(config.networks.size(), 4u);
    for (const NetworkSpec& spec : config.networks) {
        EXPECT_EQ(spec.network.gain, 1.0) << "matrices with a size of their own";
        EXPECT_EQ(spec.network.input_scale, 1.0) << "bptt";
    }
    const Config given = parse("sweep:\n  network.init, network.gain: [[orthogonal, 2]]");
    EXPECT_EQ(given.networks.at(0).network.gain, 2.0);
}

TEST(Config, KeysThatMatterToSomeRowsMayVaryTogether) {
    const Config config = parse(
        "network: {gain: 1}\n"
        "sweep:\n  network.init, network.rank: [[low-rank, 1], [low-rank, 2], [identity, 1]]");
    ASSERT_EQ(config.networks.size(), 3u);
    EXPECT_EQ(config.networks[2].uid, parse("network: {gain: 1, init: identity}").networks[0].uid);
}

TEST(Config, OverridesReachKeysThatVaryTogether) {
    const Config config = parse(zipped, {"sweep.network.init,network.gain=[[uniform, 2]]"});
    ASSERT_EQ(config.networks.size(), 4u);
    EXPECT_EQ(config.networks[0].network.init, Init::uniform);
    EXPECT_EQ(config.axes[0], "network.init, network.gain") << "in the old place";
}

TEST(Config, SweptValuesKeepTheirTypes) {
    const Config config = parse(
        "sweep: {network.gain: [1], network.units: [32], network.cell: [rate],\n"
        "  task.codes: [[1, 2, 3.5]]}");
    const auto& swept = config.networks.at(0).swept;
    ASSERT_EQ(swept.size(), 4u);
    EXPECT_EQ(swept[0].second, SweepValue(1.0));
    EXPECT_EQ(swept[1].second, SweepValue(std::int64_t{32}));
    EXPECT_EQ(swept[2].second, SweepValue(std::string("rate")));
    EXPECT_EQ(swept[3].second, SweepValue(std::vector<double>{1.0, 2.0, 3.5}));
}

TEST(Config, SweptValuesAsText) {
    EXPECT_EQ(to_string(SweepValue(true)), "true");
    EXPECT_EQ(to_string(SweepValue(std::int64_t{-3})), "-3");
    EXPECT_EQ(to_string(SweepValue(0.1)), "0.1");
    EXPECT_EQ(to_string(SweepValue(1.0)), "1");
    EXPECT_EQ(to_string(SweepValue(0.1 + 0.2)), "0.30000000000000004");
    EXPECT_EQ(to_string(SweepValue(std::string("rate"))), "rate");
    EXPECT_EQ(to_string(SweepValue(std::vector<double>{1.0, 0.5})), "[1 0.5]");
}

TEST(Config, ResolvedTextIsAFixedPoint) {
    for (const std::string& text :
         {std::string("{}"), four_rows, std::string("name: \"a \\\"b\\\" \\\\ c: #d\""),
          std::string("sweep: {replicate: 5}"), std::string("sweep: {replicate: [4294967295, 0]}"),
          std::string("sweep: {task.source: [digits, gaussians], network.gain: [1e-5, 0.1]}"),
          std::string("sweep: {task.gaussians.means: [[[1, 2], [3, 4]], [[1, 2], [3, 5]]]}\n"
                      "task: {source: gaussians}"),
          zipped, std::string("sweep: {'task.codes ,network.dt ': [[[1, 2, 3], 0.1]]}"),
          std::string("training: {method: bptt, train: [bias, recurrent], rank: 1}")}) {
        const Config first = parse(text);
        const Config second = parse_config(first.resolved_yaml, "other.yaml", "/elsewhere");
        EXPECT_EQ(second.resolved_yaml, first.resolved_yaml);
        EXPECT_TRUE(same_networks(first, second)) << text;
        EXPECT_EQ(second.identity, first.identity);
        EXPECT_EQ(second.name, first.name);
        EXPECT_EQ(second.analysis, first.analysis);
        EXPECT_EQ(second.swept_keys, first.swept_keys);
        EXPECT_EQ(second.axes, first.axes);
    }
}

TEST(Config, ResolvedTextSaysEveryDefault) {
    const std::string text = parse("{}").resolved_yaml;
    for (const char* line :
         {"name: \"run\"\n", "  units: 200\n", "  dt: 0.1\n", "  density: 0.6\n",
          "    response: 5\n", "  trials: 3500\n", "  error: epochs\n", "  rule_a: false\n"}) {
        EXPECT_NE(text.find(line), std::string::npos) << line << text;
    }
    EXPECT_EQ(text.find("gaussians"), std::string::npos) << "digits need no Gaussians";
}

TEST(Config, OverridesComeBeforeTheSweep) {
    const Config config = parse(
        four_rows, {"network.units=64", "sweep.network.gain=[0.5, 0.6, 0.7]", "sweep.replicate=2",
                    "name=other", "task.codes=[1, 2, 3]", "sweep.network.density=[0.9]"});
    ASSERT_EQ(config.networks.size(), 6u);
    EXPECT_EQ(config.name, "other");
    EXPECT_EQ(config.networks[5].network.units, 64);
    EXPECT_EQ(config.networks[5].network.gain, 0.7);
    EXPECT_EQ(config.networks[5].replicate, 1u);
    EXPECT_EQ(config.networks[5].network.density, 0.9);
    EXPECT_EQ(config.networks[5].task.codes, (std::vector<double>{1, 2, 3}));
    EXPECT_EQ(config.swept_keys, (std::vector<std::string>{"network.gain", "network.density"}));
    EXPECT_EQ(parse("{}", {"seed=1", "seed=2"}).seed, 2u) << "the last --set wins";
    EXPECT_EQ(parse("{}", {"sweep.replicate=3"}).networks.size(), 3u);
}

TEST(Config, ASweptKeyMayAlsoHaveAPlainValue) {
    const Config config = parse("network: {gain: 3}\nsweep: {network.gain: [1, 2]}");
    EXPECT_EQ(config.networks.at(0).network.gain, 1.0);
    EXPECT_EQ(config.networks.at(1).network.gain, 2.0);
}

TEST(Config, SectionsMayBeEmpty) {
    EXPECT_EQ(parse("name: a\nnetwork:\ntask:\n  durations:\nsweep:\n").networks.size(), 1u);
}

TEST(Config, TextMayHaveAnyLineEndsAndAByteOrderMark) {
    std::string windows = "\xEF\xBB\xBF";
    for (const char c : four_rows) {
        windows += c == '\n' ? "\r\n" : std::string(1, c);
    }
    EXPECT_TRUE(same_networks(parse(windows), parse(four_rows)));
    EXPECT_EQ(parse("%YAML 1.1\n---\nname: caf\xC3\xA9\n...\n").name, "caf\xC3\xA9");
}

TEST(Config, NumbersReadAsWritten) {
    const Config config = parse(
        "seed: 4294967295\nnetwork: {gain: +.5, density: 1., feedback_scale: 5e-1, "
        "input_scale: -0.0}");
    EXPECT_EQ(config.seed, 4294967295u);
    EXPECT_EQ(config.networks[0].network.gain, 0.5);
    EXPECT_EQ(config.networks[0].network.density, 1.0);
    EXPECT_EQ(config.networks[0].network.feedback_scale, 0.5);
    EXPECT_FALSE(std::signbit(config.networks[0].network.input_scale));
}

TEST(Config, IdentityIsOfTheWholeComputation) {
    const std::string identity = parse(four_rows).identity;
    EXPECT_EQ(identity.size(), 16u);
    EXPECT_EQ(parse(four_rows, {"name=other"}).identity, identity);
    EXPECT_NE(parse(four_rows, {"analysis.rule_a=false"}).identity, identity);
    EXPECT_NE(parse(four_rows, {"analysis.effort=2"}).identity, identity);
    EXPECT_EQ(parse(four_rows, {"analysis.effort=1"}).identity, identity);
    EXPECT_NE(parse(four_rows, {"sweep.replicate=[3, 1, 2]"}).identity, identity);
}

TEST(KeepShard, ShardsPartTheRows) {
    const Config whole = parse("sweep: {replicate: 10}");
    std::set<std::string> uids;
    for (int index = 0; index < 3; ++index) {
        Config shard = whole;
        keep_shard(shard, index, 3);
        EXPECT_EQ(shard.networks.size(), index == 0 ? 4u : 3u);
        EXPECT_EQ(shard.resolved_yaml, whole.resolved_yaml);
        EXPECT_EQ(shard.identity, whole.identity);
        for (std::size_t i = 0; i < shard.networks.size(); ++i) {
            const std::size_t row = static_cast<std::size_t>(index) + 3 * i;
            EXPECT_EQ(shard.networks[i].uid, whole.networks[row].uid);
            EXPECT_EQ(shard.networks[i].position, row);
            uids.insert(shard.networks[i].uid);
        }
    }
    EXPECT_EQ(uids.size(), 10u);
}

TEST(KeepShard, RefusesShardsThatAreNot) {
    for (const auto& [index, count] : {std::pair{3, 3}, {-1, 3}, {0, 0}, {0, -1}, {2, 5}}) {
        Config config = parse("sweep: {replicate: 2}");
        EXPECT_THROW(keep_shard(config, index, count), Error) << index << "/" << count;
    }
}

TEST(Config, QuickstartHas96Networks) {
    const Config config = load_config(SHOAL_SOURCE_DIR "/configs/quickstart.yaml");
    EXPECT_EQ(config.name, "quickstart");
    EXPECT_EQ(config.networks.size(), 96u);
    EXPECT_EQ(config.networks[0].network.units, 200);
}

TEST(Config, RowsOfChoicesListKeysThatExist) {
    for (const TaskRow& row : rows_of<TaskKind>) {
        for (const char* key : row.keys) {
            EXPECT_TRUE(key == nullptr || find_key(key) != nullptr) << row.name << ": " << key;
        }
    }
    for (const InitRow& row : rows_of<Init>) {
        for (const char* key : row.keys) {
            EXPECT_TRUE(key == nullptr || find_key(key) != nullptr) << row.name << ": " << key;
        }
    }
}

}  // namespace
}  // namespace shoal
