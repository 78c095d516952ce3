// SPDX-License-Identifier: MIT
// A paper's claims by one command, on populations far too small to decide any of them.
#include <nlohmann/json.hpp>

#include "test_cli_program.hpp"

namespace shoal::test {
namespace {

std::vector<std::string> tiny_learning(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"reproduce", "park2023", "--quiet", "--systems", "1"};
    for (const char* set :
         {"network.units=8", "training.iterations=20", "training.batch=8", "sweep.replicate=2"}) {
        arguments.insert(arguments.end(), {"--set", set});
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

std::vector<std::string> column(const std::vector<std::vector<std::string>>& csv,
                                const std::string& name) {
    const auto at = std::find(csv.front().begin(), csv.front().end(), name) - csv.front().begin();
    std::vector<std::string> values;
    for (std::size_t i = 1; i < csv.size(); ++i) {
        values.push_back(csv[i].at(static_cast<std::size_t>(at)));
    }
    return values;
}

TEST_F(CommandLine, ReproducesTheMemoryPaper) {
    const Outcome outcome = shoal(tiny_memory({"--out", "r"}));
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const auto claims = read_csv("r/claims.csv");
    ASSERT_EQ(claims.size(), 11u);
    EXPECT_EQ(column(claims, "claim").front(), "four_mechanisms");
    for (const std::string& claim : column(claims, "claim")) {
        expect_contains(outcome.out, claim);
    }
    const nlohmann::json kept = nlohmann::json::parse(read_text_file("r/claims.json"));
    EXPECT_EQ(kept["paper"], "ghazizadeh2021");
    EXPECT_EQ(kept["claims"].size(), 10u);
    for (const nlohmann::json& claim : kept["claims"]) {
        EXPECT_EQ(claim["subjects"], 12);  // not accepted ones included
    }
    expect_contains(read_text_file("r/report/index.html"), "slow_manifold_prevalent");
    EXPECT_GT(read_csv("r/shares.csv").size(), 5u);
    EXPECT_GT(read_csv("r/trends.csv").size(), 2u);

    // A directory with a run is protected; going on with a finished one tests its claims again, and
    // so does --from, to the same numbers.
    EXPECT_EQ(shoal(tiny_memory({"--out", "r"})).status, 2);
    const std::string before = read_text_file("r/claims.csv");
    EXPECT_EQ(shoal(tiny_memory({"--out", "r", "--resume"})).status, 0);
    EXPECT_EQ(read_text_file("r/claims.csv"), before);
    const Outcome from = shoal({"reproduce", "ghazizadeh2021", "--from", "r", "--out", "m"});
    ASSERT_EQ(from.status, 0) << from.err;
    EXPECT_EQ(read_text_file("m/claims.csv"), before);

    // Claims of another population that lie there are not shown as this one's.
    ASSERT_EQ(shoal({"run", "small.yaml", "--out", "other", "--quiet"}).status, 0);
    fs::copy_file("r/claims.json", "other/claims.json");
    ASSERT_EQ(shoal({"report", "other"}).status, 0);
    const std::string page = read_text_file("other/report/index.html");
    expect_contains(page, "of another population");
    EXPECT_EQ(page.find("\"slow_manifold_prevalent\""), std::string::npos);

    // Claims about other questions are refused.
    const Outcome other = shoal({"reproduce", "park2023", "--systems", "1", "--from", "r"});
    EXPECT_EQ(other.status, 2);
    expect_contains(other.err, "network.init");
}

TEST_F(CommandLine, ReproducesTheLearningPaper) {
    const Outcome outcome = shoal(tiny_learning({"--out", "r", "--json"}));
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    ASSERT_EQ(lines(outcome.out), 1u);
    const nlohmann::json printed = nlohmann::json::parse(outcome.out);
    EXPECT_EQ(printed["networks"], 144);  // 6 initialisations, 6 tasks, 2 rates, 2 replicates
    EXPECT_EQ(printed["claims"], "r/claims.json");
    const auto claims = read_csv("r/claims.csv");
    const std::vector<std::string> ids = column(claims, "claim");
    for (const char* id :
         {"no_fine_tuning", "outperforms_in_copy", "outperforms_in_interval",
          "outperforms_in_angular_integration", "outperforms_in_all", "headings_stay_apart"}) {
        EXPECT_NE(std::find(ids.begin(), ids.end(), id), ids.end()) << id;
    }
    const nlohmann::json kept = nlohmann::json::parse(read_text_file("r/claims.json"));
    EXPECT_EQ(kept["signals"].size(), 12u);
    EXPECT_GT(kept["headings"]["curves"].size(), 0u);
}

// Claims are about whole populations: shards leave them to the last command.
TEST_F(CommandLine, ReproducesInShards) {
    ASSERT_EQ(shoal(tiny_memory({"--out", "whole"})).status, 0);
    for (const char* shard : {"0/2", "1/2"}) {
        const Outcome outcome = shoal(tiny_memory({"--shard", shard}));
        ASSERT_EQ(outcome.status, 0) << outcome.err;
        expect_contains(outcome.out,
                        "shoal reproduce ghazizadeh2021 --scale small --from "
                        "runs/ghazizadeh2021-small.shard-*-of-2");
    }
    const std::string shard = "runs/ghazizadeh2021-small.shard-";
    EXPECT_FALSE(fs::exists(shard + "0-of-2/claims.csv"));
    ASSERT_EQ(shoal({"reproduce", "ghazizadeh2021", "--from", shard + "0-of-2", shard + "1-of-2",
                     "--out", "m"})
                  .status,
              0);
    expect_same_file("whole/claims.csv", "m/claims.csv");

    // A process that takes all of them tests the claims itself.
    const Outcome any = shoal(tiny_memory({"--shard", "any/3", "--out", "a"}));
    ASSERT_EQ(any.status, 0) << any.err;
    expect_same_file("whole/claims.csv", "a.merged/claims.csv");
}

// Stopped while it measures learning signals, and again among headings; no signal is measured
// twice.
TEST_F(CommandLine, ReproduceStopsAndGoesOnWhereItTestsClaims) {
    ASSERT_EQ(shoal(tiny_learning({"--out", "whole"})).status, 0);
    std::vector<std::string> arguments =
        tiny_learning({"--out", "r", "--threads", "1", "--resume"});
    std::erase(arguments, "--quiet");
    for (const char* stage : {"learning signals 1/12", "headings 1/"}) {
        SCOPED_TRACE(stage);
        fs::remove("output.txt");
        Program program(arguments);
        wait_until_shown(stage);
        program.send(SIGINT);
        ASSERT_EQ(program.wait(), 5) << output();
        EXPECT_FALSE(fs::exists("r/claims.json"));
        ASSERT_TRUE(fs::exists("r/checkpoint/signals-00000000.bin")) << output();
    }
    EXPECT_EQ(type(shown_command()), 0) << output();
    EXPECT_NE(output().find("learning signals 12/12"), std::string::npos) << output();
    expect_same_file("whole/claims.json", "r/claims.json");
    EXPECT_FALSE(fs::exists("r/checkpoint"));
}

TEST_F(CommandLine, ReproduceRefusesWhatItCannotDo) {
    EXPECT_EQ(shoal({"reproduce", "hopfield1982"}).status, 2);
    EXPECT_EQ(shoal({"reproduce", "park2023", "--scale", "huge"}).status, 2);
    // What would do nothing is refused.
    for (const std::vector<std::string>& useless :
         {std::vector<std::string>{"--from", "r", "--set", "seed=2"},
          {"--from", "r", "--force"},
          {"--systems", "5"}}) {
        std::vector<std::string> arguments = {"reproduce", "ghazizadeh2021"};
        arguments.insert(arguments.end(), useless.begin(), useless.end());
        EXPECT_EQ(shoal(arguments).status, 2) << useless.back();
    }

    // Level first lacks what the claims ask for; an unfinished run lacks networks.
    ASSERT_EQ(shoal({"run", "small.yaml", "--out", "first", "--quiet"}).status, 0);
    const Outcome first = shoal({"reproduce", "ghazizadeh2021", "--from", "first"});
    EXPECT_EQ(first.status, 2);
    expect_contains(first.err, "level: full");
    ASSERT_EQ(shoal({"train", "small.yaml", "--out", "half", "--shard", "0/2", "--quiet"}).status,
              0);
    fs::remove("half/population.h5");
    const Outcome half = shoal({"reproduce", "ghazizadeh2021", "--from", "half"});
    EXPECT_EQ(half.status, 2);
    expect_contains(half.err, "not finished");

    // A damaged claims.json is named, and reproduce writes it anew.
    write("first/claims.json", "{");
    const Outcome damaged = shoal({"report", "first"});
    EXPECT_EQ(damaged.status, 3);
    expect_contains(damaged.err, "claims.json");
}

TEST_F(CommandLine, ReproduceKnowsThePapersDesigns) {
    struct Design {
        const char* paper;
        const char* scale;
        int networks;
    };
    for (const Design& design : {Design{"ghazizadeh2021", "small", 672},
                                 {"ghazizadeh2021", "full", 672},
                                 {"park2023", "small", 720},
                                 {"park2023", "full", 2160}}) {
        const Outcome plan =
            shoal({"reproduce", design.paper, "--scale", design.scale, "--dry-run", "--json"});
        ASSERT_EQ(plan.status, 0) << plan.err;
        EXPECT_EQ(nlohmann::json::parse(plan.out)["networks"], design.networks) << design.paper;
    }
}

}  // namespace
}  // namespace shoal::test
