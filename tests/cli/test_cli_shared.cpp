// SPDX-License-Identifier: MIT
// --shard any/n: processes that share out the shards of a population by themselves.
#include "cli/run_folder.hpp"
#include "cli/shared_run.hpp"
#include "ranks/shared_progress.hpp"
#include "test_cli_program.hpp"

namespace shoal::test {
namespace {

fs::path shard(const std::string& base, int i, int n) {
    return base + ".shard-" + std::to_string(i) + "-of-" + std::to_string(n);
}

TEST_F(CommandLine, OneProcessTakesAllShards) {
    run("whole");
    const Outcome outcome =
        shoal({"run", "small.yaml", "--out", "p", "--shard", "any/5", "--quiet"});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    expect_contains(outcome.out, "report  p.merged/report/index.html");
    expect_same_file("whole/population.csv", "p.merged/population.csv");
    for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(fs::exists(shard("p", i, 5) / "analysis.h5"));
    }
}

TEST_F(CommandLine, ProcessesThatJoinInShareTheShards) {
    const std::vector<std::string> longer = {"--set", "training.trials=400"};
    run("whole", longer);
    std::vector<std::string> arguments = {"run",   "small.yaml", "--out",   "p",       "--shard",
                                          "any/6", "--set",      longer[1], "--resume"};
    {
        Program first(arguments);
        Program second(arguments);
        Program third(arguments);
        EXPECT_EQ(first.wait(), 0) << output();
        EXPECT_EQ(second.wait(), 0) << output();
        EXPECT_EQ(third.wait(), 0) << output();
    }
    // Whoever found nothing free has left; what remains is now done.
    const Outcome rest = shoal(arguments);
    EXPECT_EQ(rest.status, 0) << rest.err;
    expect_same_file("whole/population.csv", "p.merged/population.csv");
}

TEST_F(CommandLine, AShardThatSomebodyWorksOnIsLeftToThem) {
    fs::create_directories(shard("p", 1, 3));
    const FolderLock held(RunPaths{shard("p", 1, 3)}.lock());
    const Outcome outcome =
        shoal({"train", "small.yaml", "--out", "p", "--shard", "any/3", "--quiet"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    expect_contains(outcome.out, "other processes are working on the last 1 of 3 shards");
    EXPECT_TRUE(fs::exists(shard("p", 0, 3) / "population.h5"));
    EXPECT_FALSE(fs::exists(shard("p", 1, 3) / "population.h5"));
    EXPECT_TRUE(fs::exists(shard("p", 2, 3) / "population.h5"));
}

TEST_F(CommandLine, KilledAtAnyInstantWhileSharing) {
    const std::vector<std::string> longer = {"--set", "training.trials=200"};
    run("whole", longer);
    const int kills = kill_until_done({"run", "small.yaml", "--out", "p", "--shard", "any/4",
                                       "--resume", "--checkpoint-seconds", "0", "--set", longer[1]},
                                      5, SIGKILL);
    EXPECT_GE(kills, 2);
    expect_same_file("whole/population.csv", "p.merged/population.csv");
}

TEST_F(CommandLine, StoppedWhileSharing) {
    const std::vector<std::string> arguments = {"train",   "small.yaml", "--out",       "p",
                                                "--shard", "any/4",      "--max-hours", "1e-9"};
    const Outcome stopped = shoal(arguments);
    EXPECT_EQ(stopped.status, 5);
    expect_contains(stopped.err,
                    "Go on with: shoal train small.yaml --out p --shard any/4 --resume");
    ASSERT_EQ(
        shoal({"train", "small.yaml", "--out", "p", "--shard", "any/4", "--resume", "--quiet"})
            .status,
        0);
    train("whole");
    for (int i = 0; i < 4; ++i) {
        for (const auto& [uid, bytes] : networks_of(shard("p", i, 4))) {
            EXPECT_EQ(bytes, networks_of("whole").at(uid));
        }
    }
}

/// The display is of the whole population, whoever trains it.
TEST_F(CommandLine, ShardsThatOthersFinishMeanwhileAreShown) {
    const std::vector<std::string> arguments = {
        "train",   "small.yaml", "--out", "p", "--shard", "any/3", "--set", "training.trials=10000",
        "--resume"};
    Program slow(arguments);
    holder(shard("p", 0, 3));
    slow.send(SIGSTOP);
    const Outcome other = shoal(arguments);
    EXPECT_EQ(other.status, 0) << other.err;
    expect_contains(other.out, "other processes are working on the last 1 of 3 shards");
    expect_contains(other.err, "training 8/12");
    slow.send(SIGCONT);
    EXPECT_EQ(slow.wait(), 0) << output();
    expect_contains(output(),
                    "2 of 3 shards were finished by other processes; accepted and "
                    "failed count the others");
    expect_contains(output(), "training 12/12  100 %");
}

TEST_F(CommandLine, OneBadShardDoesNotHarmTheOthers) {
    ASSERT_EQ(
        shoal({"train", "small.yaml", "--out", shard("p", 0, 3).string(), "--shard", "0/3"}).status,
        0);
    write(shard("p", 0, 3) / "manifest.json", "{");
    const Outcome outcome =
        shoal({"train", "small.yaml", "--out", "p", "--shard", "any/3", "--resume"});
    EXPECT_EQ(outcome.status, 3);
    expect_contains(outcome.err, "p.shard-0-of-3/manifest.json: is damaged");
    expect_contains(outcome.err, "1 of 3 shards could not be finished, see above");
    EXPECT_TRUE(fs::exists(shard("p", 1, 3) / "population.h5"));
    EXPECT_TRUE(fs::exists(shard("p", 2, 3) / "population.h5"));
}

TEST_F(CommandLine, SharedRunsAreProtectedLikeOthers) {
    const std::vector<std::string> arguments = {"train", "small.yaml", "--out",
                                                "p",     "--shard",    "any/2"};
    ASSERT_EQ(shoal(arguments).status, 0);
    const Outcome again = shoal(arguments);
    EXPECT_EQ(again.status, 2);
    expect_contains(again.err, "p.shard-0-of-2 already holds a run");
    auto with = [&](std::vector<std::string> more) {
        more.insert(more.begin(), arguments.begin(), arguments.end());
        return shoal(more);
    };
    const Outcome other = with({"--resume", "--set", "seed=4"});
    EXPECT_EQ(other.status, 2);
    expect_contains(other.err, "p.shard-0-of-2 holds a run of another configuration");
    EXPECT_EQ(with({"--resume", "--force"}).status, 2);
    write(shard("p", 0, 2) / "mine.txt", "kept");
    EXPECT_EQ(with({"--force", "--set", "seed=4"}).status, 0);
    EXPECT_TRUE(fs::exists(shard("p", 0, 2) / "mine.txt"));
    const Outcome many = shoal({"train", "small.yaml", "--out", "q", "--shard", "any/13"});
    EXPECT_EQ(many.status, 2);
    expect_contains(many.err, "--shard any/13: the configuration has 12 networks");
    EXPECT_EQ(shoal({"train", "small.yaml", "--out", "q", "--shard", "any/0"}).status, 2);
}

TEST(SharedRun, ShardsAreManyButNotTooSmall) {
    EXPECT_EQ(shards_for(100000, 32, 8), 64);     // eight for each rank
    EXPECT_EQ(shards_for(100000, 2112, 64), 64);  // what fills a GPU goes before
    EXPECT_EQ(shards_for(100000, 2112, 16), 47);
    EXPECT_EQ(shards_for(20, 32, 8), 8);  // one for each rank at least
    EXPECT_EQ(shards_for(5, 32, 8), 5);   // none is empty
}

ShardNumbers numbers(int shard, std::uint64_t done, std::uint64_t accepted, double work) {
    return {shard, false, 10, done, accepted, done - accepted, work, 1e6};
}

TEST(SharedProgress, AddsUpShards) {
    ShardTable table(30, 3);
    table.finished_elsewhere(2, 10);
    table.take(numbers(0, 10, 4, 1.0));
    table.take(numbers(1, 3, 1, 0.3));
    table.take(numbers(1, 5, 2, 0.5));  // the newest numbers count
    table.take(numbers(7, 5, 2, 0.5));  // of no shard of this run
    const Progress::Numbers training = table.training();
    EXPECT_EQ(training.stage, "training");
    EXPECT_EQ(training.networks, 30u);
    EXPECT_EQ(training.done, 25u);
    EXPECT_EQ(training.accepted, 6u);
    EXPECT_EQ(training.failed, 9u);
    EXPECT_NEAR(training.work_done, 25.0 / 30.0, 1e-12);
    EXPECT_EQ(training.steps_per_second, 1e6);  // shard 1 alone still trains

    table.take(numbers(1, 10, 2, 1.0));
    table.take({0, true, 4, 3, 4, 0, 0.75, 0.0, "f00d: census, 12 s"});
    table.take({1, true, 2, 0, 2, 0, 0.0, 0.0});
    const Progress::Numbers analysis = table.analysis();
    EXPECT_EQ(analysis.stage, "analysis");
    EXPECT_EQ(analysis.networks, 6u);
    EXPECT_EQ(analysis.done, 3u);
    EXPECT_NEAR(analysis.work_done, 0.5, 1e-12);
    EXPECT_EQ(analysis.doing, (std::vector<std::string>{"shard 0, f00d: census, 12 s"}));
}

/// The first of two ranks; what the other one reports comes in when they part.
class LateReports final : public Ranks {
  public:
    explicit LateReports(std::vector<ShardNumbers> late) : late_(std::move(late)) {}
    int rank() const override { return 0; }
    int count() const override { return 2; }
    int local_rank() const override { return 0; }
    int local_count() const override { return 2; }
    int from_first(int value) override { return value; }
    void report(const ShardNumbers&) override { FAIL() << "to itself"; }
    std::vector<ShardNumbers> reports() override {
        return parted_ ? std::exchange(late_, {}) : std::vector<ShardNumbers>();
    }
    bool part(double) override { return parted_ = true; }

  private:
    std::vector<ShardNumbers> late_;
    bool parted_ = false;
};

TEST(SharedProgress, ShowsWhatComesInAtTheEnd) {
    LateReports ranks({numbers(1, 10, 6, 1.0), {1, true, 6, 6, 6, 0, 1.0, 0.0}});
    SharedProgress progress(ShardTable(20, 2), Progress::Mode::automatic, &ranks);
    testing::internal::CaptureStderr();
    progress.report(numbers(0, 10, 4, 1.0));
    EXPECT_TRUE(progress.part(1.0));
    const std::string shown = testing::internal::GetCapturedStderr();
    expect_contains(shown, "training 20/20  100 %  accepted 10  failed 10");
    const std::size_t analysis = shown.find("analysis 6/10  60 %");
    ASSERT_NE(analysis, std::string::npos) << shown;
    EXPECT_EQ(shown.find("analysis", analysis + 1), std::string::npos) << shown;  // once
}

}  // namespace
}  // namespace shoal::test
