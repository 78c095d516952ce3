// SPDX-License-Identifier: MIT
// The same bits for a network alone or in any company, order, shard, wave or number of threads.
#include "any_record.hpp"
#include "records/full_records.hpp"
#include "store/analysis_file.hpp"
#include "test_cli_support.hpp"

namespace shoal::test {
namespace {

struct Arithmetic {
    const char* backend;
    const char* precision;
};
void PrintTo(const Arithmetic& a, std::ostream* out) {
    *out << a.backend << "_" << a.precision;
}

/// Two sizes, so that a wave mixes them; 24 networks of six matrices.
const char* const mixed_config = R"(name: mixed
seed: 5
network: {density: 0.6, input_scale: 0.05}
task:
  source: gaussians
  durations: {stimulus1: 0.5, delay1: 0.5, stimulus2: 0.5, delay2: 0.5, response: 0.5}
training: {trials: 6}
sweep:
  network.units: [9, 33]
  network.gain: [0.8, 1.5]
  network.feedback_scale: [0.2, 1.0]
  replicate: 3
)";

class SameBits : public CommandLine, public testing::WithParamInterface<Arithmetic> {
  protected:
    SameBits() { write("mixed.yaml", mixed_config); }

    static void train_mixed(const std::string& out, const std::vector<std::string>& more) {
        std::vector<std::string> arguments = {
            "train",       "mixed.yaml",         "--out",  out, "--backend", GetParam().backend,
            "--precision", GetParam().precision, "--quiet"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const Outcome outcome = shoal(arguments);
        ASSERT_EQ(outcome.status, 0) << outcome.err;
    }
    /// Every network of `part` is in `whole`, with the same bits.
    static void expect_part_of(const fs::path& part, const fs::path& whole, std::size_t count) {
        const auto all = networks_of(whole);
        const auto some = networks_of(part);
        EXPECT_EQ(some.size(), count);
        for (const auto& [uid, bytes] : some) {
            ASSERT_TRUE(all.contains(uid)) << uid;
            EXPECT_TRUE(all.at(uid) == bytes) << uid;
        }
    }
};

TEST_P(SameBits, TwoRunsAndAnyThreads) {
    train_mixed("one", {"--threads", "1"});
    for (const char* threads : {"1", "2", "3", "7"}) {
        SCOPED_TRACE(threads);
        const std::string out = std::string("threads-") + threads;
        train_mixed(out, {"--threads", threads});
        expect_same_file("one/population.h5", out + "/population.h5");
    }
}

TEST_P(SameBits, AloneAndInCompany) {
    train_mixed("all", {});
    train_mixed("alone",
                {"--set", "sweep.network.units=[33]", "--set", "sweep.network.gain=[1.5]", "--set",
                 "sweep.network.feedback_scale=[0.2]", "--set", "sweep.replicate=[1]"});
    expect_part_of("alone", "all", 1);
    train_mixed("half", {"--set", "sweep.network.units=[9]"});
    expect_part_of("half", "all", 12);
}

TEST_P(SameBits, AnyOrder) {
    train_mixed("all", {});
    train_mixed(
        "backwards",
        {"--set", "sweep.network.units=[33, 9]", "--set", "sweep.network.gain=[1.5, 0.8]", "--set",
         "sweep.network.feedback_scale=[1.0, 0.2]", "--set", "sweep.replicate=[2, 0, 1]"});
    expect_part_of("backwards", "all", 24);
}

TEST_P(SameBits, AnyWave) {
    train_mixed("all", {});
    // Room for one network of 33 units, with its matrix, or for a few of 9.
    train_mixed("narrow",
                {"--max-memory", GetParam().precision == std::string("fp32") ? "60K" : "80K"});
    expect_same_file("all/population.h5", "narrow/population.h5");
}

TEST_P(SameBits, Shards) {
    train_mixed("all", {});
    train_mixed("shard-0", {"--shard", "0/3"});
    train_mixed("shard-1", {"--shard", "1/3"});
    train_mixed("shard-2", {"--shard", "2/3"});
    for (const char* shard : {"shard-0", "shard-1", "shard-2"}) {
        expect_part_of(shard, "all", 8);
    }
    ASSERT_EQ(shoal({"stats", "all"}).status, 0);
    ASSERT_EQ(shoal({"stats", "shard-2", "shard-0", "shard-1", "--out", "merged"}).status, 0);
    expect_same_file("all/population.csv", "merged/population.csv");
}

INSTANTIATE_TEST_SUITE_P(Backends, SameBits,
                         testing::Values(Arithmetic{"cpu", "fp32"}, Arithmetic{"cpu", "fp64"},
                                         Arithmetic{"reference", "fp32"},
                                         Arithmetic{"reference", "fp64"}),
                         testing::PrintToStringParamName());

TEST_F(CommandLine, WholeJobTwiceAndOnAnyThreads) {
    run("a", {"--threads", "1"});
    run("b", {"--threads", "1"});
    run("c", {"--threads", "3"});

    expect_same_results("a", "b");
    expect_same_results("a", "c");
}

TEST_F(CommandLine, AnalysisAloneAndInCompany) {
    run("all");
    const auto rows = read_csv("all/population.csv");
    const auto accepted =
        std::find_if(rows.begin(), rows.end(), [](const auto& r) { return r[5] == "true"; });
    ASSERT_NE(accepted, rows.end());
    const std::vector<std::string>& row = *accepted;
    run("alone", {"--set", "sweep.replicate=[" + row[1] + "]", "--set",
                  "sweep.network.gain=[" + row[2] + "]", "--set",
                  "sweep.network.feedback_scale=[" + row[3] + "]"});

    EXPECT_EQ(read_csv("alone/population.csv").at(1), row);
    const NetworkAnalysis alone = read_analysis("alone/analysis.h5").networks.at(0);
    for (const NetworkAnalysis& analysis : read_analysis("all/analysis.h5").networks) {
        if (analysis.uid == row[0]) {
            EXPECT_TRUE(same_record(alone, analysis));
            return;
        }
    }
    FAIL() << row[0] << " is not in the analysis of all";
}

TEST_F(CommandLine, WholeJobInShards) {
    run("all");
    for (const char* shard : {"0/3", "1/3", "2/3"}) {
        const Outcome outcome = shoal({"run", "small.yaml", "--shard", shard, "--quiet"});
        ASSERT_EQ(outcome.status, 0) << outcome.err;
    }
    const std::vector<std::string> shards = {"runs/small.shard-0-of-3", "runs/small.shard-1-of-3",
                                             "runs/small.shard-2-of-3"};

    const Outcome report = shoal({"report", shards[0], shards[1], shards[2]});

    ASSERT_EQ(report.status, 0) << report.err;
    expect_same_file("all/population.csv", "runs/small.merged/population.csv");
    EXPECT_TRUE(fs::exists("runs/small.merged/report/index.html"));
    // Two of three: the rows that are there, in the same order.
    ASSERT_EQ(shoal({"stats", shards[2], shards[0], "--out", "part"}).status, 0);
    const auto all = read_csv("all/population.csv");
    const auto part = read_csv("part/population.csv");
    ASSERT_EQ(part.size(), 9u);
    std::vector<std::vector<std::string>> expected;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (i == 0 || (i - 1) % 3 != 1) {
            expected.push_back(all[i]);
        }
    }
    EXPECT_EQ(part, expected);
}

}  // namespace
}  // namespace shoal::test
