// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "analysis/experiments/silencing.hpp"
#include "memory_networks.hpp"

namespace shoal {
namespace {

using namespace test;

TEST(Silencing, OnlyTheUnitThatRemembersMatters) {
    const auto backend = single_precision();
    const AnalysisInput input = latch();
    const ConditionTrials conditions = run_conditions(input, *backend);
    const SilencingRecord record = measure_silencing(input, conditions, *backend);

    EXPECT_TRUE(record.applicable);
    EXPECT_EQ(record.limits, "");
    EXPECT_EQ(record.units_tested, 2);
    EXPECT_EQ(record.critical_units, 1);
    // Without unit 0 z_o is 0; without unit 1, which nobody sees, it has the same bits.
    double mean = 0.0;
    for (const double z : conditions.end_outputs) {
        mean += std::abs(z) / 16;
    }
    EXPECT_NEAR(record.unit_change[0], mean, 1e-15);
    EXPECT_EQ(record.unit_change[1], 0.0);
    EXPECT_EQ(record.unit_failed, (std::vector<double>{1.0, 0.0}));

    // Up to 0.7 of two units is one unit, 0.9 is both. Unit 0 is the active one.
    ASSERT_EQ(record.fractions.size(), 8u);
    EXPECT_EQ(record.failed_most_active, std::vector<double>(8, 1.0));
    EXPECT_EQ(record.failed_least_active, (std::vector<double>{0, 0, 0, 0, 0, 0, 0, 1}));
    EXPECT_EQ(record.failed_random.back(), 1.0);
    EXPECT_EQ(record.failed_random[0], record.failed_random[6]);
}

// Clamping r by hand, step by step, in double.
TEST(Silencing, HoldsRatesAtZero) {
    const auto backend = make_backend("reference", {Precision::fp64, 1, 0});
    for (const Cell cell : all_values<Cell>) {
        AnalysisInput input = random_sums(6, 1.1);
        input.model.cell = cell;
        input.model.bias = normals(6, 0.2, 6);
        const ConditionTrials conditions = run_conditions(input, *backend);
        const std::vector<std::vector<int>> sets = {{1, 4}, {}};
        const auto ends = silenced_ends(input, conditions, sets, *backend);

        const auto weights = effective_matrix(input.model);
        const NetworkModel& model = input.model;
        for (std::size_t c = 0; c < 16; ++c) {
            std::vector<double> x(conditions.delay_start.begin() + static_cast<long>(6 * c),
                                  conditions.delay_start.begin() + static_cast<long>(6 * c + 6));
            const auto rates = [&] {
                std::vector<double> r = x;
                for (double& value : r) {
                    value = cell == Cell::current ? std::tanh(value) : value;
                }
                r[1] = r[4] = 0.0;
                return r;
            };
            for (std::size_t t = 20; t < short_trial; ++t) {
                const auto r = rates();
                for (std::size_t i = 0; i < 6; ++i) {
                    double drive = model.bias[i];
                    for (std::size_t j = 0; j < 6; ++j) {
                        drive += weights[6 * i + j] * r[j];
                    }
                    for (std::size_t k = 0; k < 2; ++k) {
                        drive += model.input[2 * i + k] * conditions.trials[c].inputs[2 * t + k];
                    }
                    x[i] += 0.1 * (-x[i] + (cell == Cell::current ? drive : std::tanh(drive)));
                }
            }
            const auto r = rates();
            double z = 0.0;
            for (std::size_t i = 0; i < 6; ++i) {
                z += model.readout[i] * r[i];
            }
            // 50 steps of a network that contracts or grows by less than e^5 in them.
            EXPECT_NEAR(ends[c], z, 1e-12);
            EXPECT_EQ(ends[16 + c], conditions.end_outputs[c]);  // nothing silenced
        }
    }
}

TEST(Silencing, OfLargeNetworksSaysWhatWasLeftOut) {
    const auto backend = make_backend("cpu", {Precision::fp32, 1, 0});
    AnalysisInput input = random_sums(260, 0.5);
    input.conclusions.resize(260);  // one, and a tenth of the steps: it is counted, not measured
    input.task = short_sums(1.0);
    const SilencingRecord record =
        measure_silencing(input, run_conditions(input, *backend), *backend);

    EXPECT_NE(record.limits.find("256 of 260 units"), std::string::npos) << record.limits;
    EXPECT_EQ(record.units_tested, 256);
    EXPECT_EQ(record.unit_change.size(), 260u);
    EXPECT_EQ(std::count_if(record.unit_change.begin(), record.unit_change.end(),
                            [](double change) { return std::isnan(change); }),
              4);
}

}  // namespace
}  // namespace shoal
