// SPDX-License-Identifier: MIT
// Shares by two axes of a sweep, and shares tuned over learning rates.
#include <gtest/gtest.h>

#include <cmath>

#include "stats/pairs.hpp"
#include "stats/rows.hpp"

namespace shoal {
namespace {

const std::string start = "network.init, network.gain";
const std::string delay = "task.delay";
const std::string rate = tuned_axis;

struct Made {
    std::string init;
    double gain;
    double delay;
    double rate;
    std::uint32_t replicate;
    Status status;
    bool accepted;
};

PopulationRow row_of(const Made& made) {
    PopulationRow row;
    row.spec.replicate = made.replicate;
    row.spec.swept = {{"network.init", made.init},
                      {"network.gain", made.gain},
                      {"task.delay", made.delay},
                      {"training.learning_rate", made.rate}};
    row.status = made.status;
    if (made.status != Status::pending) {
        row.trained.emplace().acceptance.accepted = made.accepted;
    }
    return row;
}

/// Networks of one cell of the sweep: accepted[value of the rate][replicate].
void add_cell(std::vector<PopulationRow>& rows, const std::string& init, double delay_value,
              const std::vector<std::pair<double, std::vector<bool>>>& accepted) {
    for (const auto& [value, replicates] : accepted) {
        for (std::size_t r = 0; r < replicates.size(); ++r) {
            rows.push_back(row_of({init, 0.5, delay_value, value, static_cast<std::uint32_t>(r),
                                   Status::trained, replicates[r]}));
        }
    }
}

TEST(Pairs, AnAxisOfSeveralKeysHasOneLabel) {
    const PopulationRow row = row_of({"gauss", 0.5, 10, 0.1, 3, Status::trained, true});
    EXPECT_EQ(to_string(*swept_value(row, start)), "gauss 0.5");
    EXPECT_EQ(to_string(*swept_value(row, "network.gain")), "0.5");
    EXPECT_FALSE(swept_value(row, "network.gain, network.units"));
}

TEST(Pairs, CellsCountTestedAndAccepted) {
    const std::vector<PopulationRow> rows = {
        row_of({"gauss", 0.5, 10, 0.1, 0, Status::trained, true}),
        row_of({"gauss", 0.5, 10, 0.1, 1, Status::trained, false}),
        row_of({"gauss", 0.5, 10, 0.1, 2, Status::diverged, false}),
        row_of({"gauss", 0.5, 10, 0.1, 3, Status::pending, false}),
        row_of({"gauss", 0.5, 5, 0.1, 0, Status::trained, true}),
        row_of({"identity", 1.0, 10, 0.1, 0, Status::pending, false})};
    const PairTable table = pair_table(rows, start, delay, {start, delay});
    EXPECT_EQ(table.rows, (std::vector<std::string>{"gauss 0.5", "identity 1"}));
    EXPECT_EQ(table.columns, (std::vector<std::string>{"5", "10"}));
    EXPECT_EQ(table.cells[0][1].networks, 4u);
    EXPECT_EQ(table.cells[0][1].tested, 3u);
    EXPECT_EQ(table.cells[0][1].accepted, 1u);
    const Interval wilson = wilson_interval(1, 3);
    EXPECT_EQ(table.cells[0][1].share.estimate, wilson.estimate);
    EXPECT_EQ(table.cells[0][1].share.low, wilson.low);
    EXPECT_EQ(table.cells[0][1].share.high, wilson.high);
    EXPECT_EQ(table.cells[0][0].tested, 1u);
    EXPECT_EQ(table.cells[1][0].networks, 0u);
    EXPECT_TRUE(std::isnan(table.cells[1][1].share.estimate)) << "none tested";
    EXPECT_FALSE(table.cells[0][1].tuned) << "no learning rate is swept";
}

TEST(Pairs, LearningRatesStandInTheColumns) {
    EXPECT_EQ(axis_pairs({rate, start, delay}), (std::vector<std::pair<std::string, std::string>>{
                                                    {start, rate}, {delay, rate}, {start, delay}}));
    EXPECT_TRUE(axis_pairs({start}).empty());
}

TEST(Tuned, TheBestRateIsJudgedOnOtherReplicates) {
    // 0.01 solves the even replicates, 0.1 the odd ones: each choice fails on the other half, where
    // picking and judging on the same networks would say 50 %.
    std::vector<PopulationRow> rows;
    add_cell(rows, "gauss", 10,
             {{0.1, {false, true, false, true}}, {0.01, {true, false, true, false}}});
    // 0.1 is the better one in both halves: 3 of its 4 replicates.
    add_cell(rows, "identity", 10,
             {{0.1, {true, true, true, false}}, {0.01, {false, false, false, false}}});
    const PairTable table = pair_table(rows, start, delay, {start, delay, rate});
    ASSERT_TRUE(table.cells[0][0].tuned);
    EXPECT_EQ(table.cells[0][0].tuned->estimate, 0.0);
    EXPECT_EQ(table.cells[0][0].tuned->high, wilson_interval(0, 4).high);
    ASSERT_TRUE(table.cells[1][0].tuned);
    EXPECT_EQ(table.cells[1][0].tuned->estimate, 0.75);
    EXPECT_EQ(table.cells[1][0].tuned->low, wilson_interval(3, 4).low);

    const PairTable by_rate = pair_table(rows, start, rate, {start, delay, rate});
    EXPECT_FALSE(by_rate.cells[0][0].tuned);
    EXPECT_EQ(by_rate.tuned_of_row[1]->estimate, 0.75);
    EXPECT_EQ(by_rate.cells[0][0].share.estimate, 0.5);
}

TEST(Tuned, EqualRatesTakeTheFirst) {
    // Both halves see equal shares, so that 0.01, the smallest, is taken: 1 of 2 and 1 of 2.
    std::vector<PopulationRow> rows;
    add_cell(rows, "gauss", 10,
             {{0.1, {true, true, false, false}}, {0.01, {false, true, true, false}}});
    std::vector<const PopulationRow*> networks;
    for (const PopulationRow& row : rows) {
        networks.push_back(&row);
    }
    EXPECT_EQ(tuned_share(networks, rate)->estimate, 0.5);
    rows[0].trained->acceptance.accepted = false;  // now 0.01 alone is best on the even ones
    EXPECT_EQ(tuned_share(networks, rate)->estimate, 0.5);
}

TEST(Tuned, NeedsTwoReplicates) {
    std::vector<PopulationRow> rows;
    add_cell(rows, "gauss", 10, {{0.1, {true}}, {0.01, {true}}});
    EXPECT_FALSE(pair_table(rows, start, delay, {start, delay, rate}).cells[0][0].tuned);
}

TEST(Tuned, PendingNetworksDoNotCount) {
    std::vector<PopulationRow> rows;
    add_cell(rows, "gauss", 10, {{0.1, {true, true, true}}});
    rows[2].status = Status::pending;
    rows[2].trained.reset();
    const auto share = pair_table(rows, start, delay, {start, delay, rate}).cells[0][0].tuned;
    ASSERT_TRUE(share);
    EXPECT_EQ(share->low, wilson_interval(2, 2).low);
}

TEST(PairsText, ShowsPairsOfInitsAndTasks) {
    std::vector<PopulationRow> rows;
    add_cell(rows, "gauss", 10, {{0.1, {true, true}}, {0.01, {false, false}}});
    add_cell(rows, "gauss", 50, {{0.1, {false, false}}, {0.01, {false, true}}});
    const std::string text = format_pairs(rows, {start, delay, rate, "network.gain"});
    EXPECT_NE(text.find("Share accepted: network.init, network.gain (down) by task.delay (across)"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("The same, tuned over training.learning_rate"), std::string::npos) << text;
    EXPECT_NE(text.find("100 % [34, 100]"), std::string::npos) << text;  // 2 of 2
    EXPECT_NE(text.find("25 % [5, 70]"), std::string::npos) << text;     // 1 of 4
    EXPECT_EQ(text.find("training.learning_rate (down)"), std::string::npos) << text;
    EXPECT_EQ(text.find("Left out"), std::string::npos) << text;

    EXPECT_EQ(format_pairs(rows, {"network.gain", rate}), "") << "neither an init nor a task";
    EXPECT_EQ(format_pairs(rows, {delay}), "");
}

TEST(PairsText, SaysWhatIsLeftOut) {
    std::vector<PopulationRow> rows;
    for (int i = 0; i < 15; ++i) {
        rows.push_back(row_of({"gauss", 0.1 * i, 10.0 + i, 0.1, 0, Status::trained, true}));
    }
    const std::string wide = format_pairs(rows, {delay, "network.gain"});
    EXPECT_EQ(wide,
              "Left out: the 225 cells of task.delay by network.gain; population.csv has them.\n");

    rows.resize(1);
    std::vector<std::string> axes = {delay};
    for (int i = 0; i < 8; ++i) {
        const std::string name = "network.key" + std::to_string(i);
        rows[0].spec.swept.emplace_back(name, 1.0);
        axes.push_back(name);
    }
    const std::string many = format_pairs(rows, axes);
    EXPECT_NE(many.find("task.delay (down) by network.key5 (across)"), std::string::npos) << many;
    EXPECT_NE(many.find("Left out: the 1 cells of task.delay by network.key6;"), std::string::npos);
    EXPECT_NE(many.find("by network.key7;"), std::string::npos) << many;
}

TEST(Pairs, KeysThatMeanNothingToANetworkAreNotNamed) {
    const std::string tasks = "task.kind, task.delay, task.duration";
    PopulationRow copy;
    copy.spec.task.kind = TaskKind::copy;
    copy.spec.swept = {
        {"task.kind", std::string("copy")}, {"task.delay", 5.0}, {"task.duration", 20.0}};
    EXPECT_EQ(to_string(*swept_value(copy, tasks)), "copy 5");
    PopulationRow adding = copy;
    adding.spec.task.kind = TaskKind::adding;
    adding.spec.swept[0].second = std::string("adding");
    EXPECT_EQ(to_string(*swept_value(adding, tasks)), "adding 20");
}

}  // namespace
}  // namespace shoal
