// SPDX-License-Identifier: MIT
// stats and report on populations of thousands (tests/support/synthetic_run.hpp).
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "core/error.hpp"
#include "store/run_directory.hpp"
#include "synthetic_run.hpp"
#include "test_cli_support.hpp"

namespace shoal::test {
namespace {

std::vector<std::string> with(std::vector<std::string> arguments,
                              const std::vector<fs::path>& folders) {
    for (const fs::path& folder : folders) {
        arguments.push_back(folder.string());
    }
    return arguments;
}

/// What a command printed, without the lines that name where it wrote.
std::string without_places(const std::string& text) {
    std::string kept;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        kept += line.starts_with("table ") || line.starts_with("report ") ? "" : line + "\n";
    }
    return kept;
}

/// The data that a page carries, without what belongs to single run directories.
nlohmann::json data_of(const fs::path& page) {
    const std::string text = read_text_file(page);
    const std::string open = "<script type=\"application/json\" id=\"data\">";
    const std::size_t begin = text.find(open) + open.size();
    auto data = nlohmann::json::parse(text.substr(begin, text.find("</script", begin) - begin));
    data.erase("manifests");
    data.erase("runs");
    data.erase("examples");  // every run chooses its own
    return data;
}

class Scale : public CommandLine {
  protected:
    static void compare(AnalysisLevel level) {
        SyntheticRun run;
        run.networks = 3000;
        run.level = level;
        run.trials = 12;
        const auto whole = write_synthetic_run("whole", run);
        run.shards = 4;
        const auto shards = write_synthetic_run("part", run);
        ASSERT_EQ(shards.size(), 4u);

        const Outcome all = shoal(with({"stats"}, whole));
        const Outcome merged = shoal(with({"stats", "--out", "merged"}, shards));
        ASSERT_EQ(all.status, 0) << all.err;
        ASSERT_EQ(merged.status, 0) << merged.err;
        EXPECT_EQ(without_places(all.out), without_places(merged.out));
        expect_same_file("whole/population.csv", "merged/population.csv");
        EXPECT_EQ(lines(read_text_file("merged/population.csv")), 3001u);

        const Outcome page = shoal(with({"report", "--json"}, whole));
        const Outcome pages = shoal(with({"report", "--json", "--out", "merged"}, shards));
        ASSERT_EQ(page.status, 0) << page.err;
        ASSERT_EQ(pages.status, 0) << pages.err;
        auto one = nlohmann::json::parse(page.out);
        auto other = nlohmann::json::parse(pages.out);
        for (const char* place : {"run", "table", "report"}) {
            one.erase(place);
            other.erase(place);
        }
        EXPECT_EQ(one, other);
        EXPECT_EQ(data_of("whole/report/index.html"), data_of("merged/report/index.html"));
    }
};

TEST_F(Scale, ShardsAreTheWholeAtLevelFirst) {
    compare(AnalysisLevel::first);
}

TEST_F(Scale, ShardsAreTheWholeAtLevelFull) {
    compare(AnalysisLevel::full);
}

TEST_F(Scale, CurvesAreReadOfOneSampleWhateverTheShards) {
    SyntheticRun run;
    run.trials = 12;
    const auto whole = write_synthetic_run("whole", run);
    run.shards = 3;
    const auto shards = write_synthetic_run("part", run);
    constexpr std::size_t sample = 200;
    const auto with_curves = [&](const std::vector<fs::path>& folders) {
        std::set<std::string> uids;
        for (const RunContent& content : read_runs(folders, {Detail::table, sample})) {
            for (const auto& [uid, network] : content.trained) {
                EXPECT_TRUE(network.state.empty());
                if (!network.error_curve.empty()) {
                    uids.insert(uid);
                }
            }
        }
        return uids;
    };
    const std::set<std::string> curves = with_curves(whole);
    EXPECT_EQ(with_curves(shards), curves);
    const RunContent content = read_run(whole.front());
    std::vector<std::string> all;
    for (const NetworkSpec& spec : content.config.networks) {
        all.push_back(spec.uid);
    }
    std::sort(all.begin(), all.end());
    std::set<std::string> wanted;  // networks that are pending have no curve
    for (std::size_t i = 0; i < sample; ++i) {
        if (content.trained.contains(all[i])) {
            wanted.insert(all[i]);
        }
    }
    EXPECT_EQ(curves, wanted);
}

TEST_F(Scale, ThePageGrowsWithItsTableAlone) {
    // 1,000 and 10,000 networks: charts, examples and details have equal sizes, so that the page
    // grows by the further rows of its table, under 200 bytes each.
    std::map<std::size_t, std::uintmax_t> size;
    std::map<std::size_t, std::uintmax_t> rows;
    for (const std::size_t networks : {1000u, 10000u}) {
        SyntheticRun run;
        run.networks = networks;
        run.trials = 12;
        run.level = AnalysisLevel::full;
        const std::string name = "n" + std::to_string(networks);
        const auto folders = write_synthetic_run(name, run);
        const Outcome outcome = shoal(with({"report", "--json"}, folders));
        ASSERT_EQ(outcome.status, 0) << outcome.err;
        size[networks] = fs::file_size(name + "/report/index.html");
        rows[networks] = data_of(name + "/report/index.html")["table"].dump().size();
    }
    const auto rest = [&](std::size_t networks) { return size[networks] - rows[networks]; };
    EXPECT_LT(static_cast<double>(rest(10000)), 1.2 * static_cast<double>(rest(1000)));
    EXPECT_LT(rows[10000], 200u * 10000u);
}

TEST_F(Scale, ImpossiblePopulationsAreRefused) {
    const auto refused = [](const SyntheticRun& run) {
        try {
            write_synthetic_run("x", run);
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ExitCode::usage);
            return !fs::exists("x");
        }
        return false;
    };
    EXPECT_TRUE(refused({.networks = 150}));
    EXPECT_TRUE(refused({.networks = 0}));
    EXPECT_TRUE(refused({.units = 3}));
    EXPECT_TRUE(refused({.trials = 0}));
    EXPECT_TRUE(refused({.networks = 100, .shards = 101}));
    EXPECT_TRUE(refused({.shards = 0}));
    write_synthetic_run("y", {.networks = 100});
    EXPECT_THROW(write_synthetic_run("y", {.networks = 100}), Error);
}

}  // namespace
}  // namespace shoal::test
