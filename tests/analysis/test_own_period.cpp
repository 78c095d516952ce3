// SPDX-License-Identifier: MIT
// Periods of networks whose step is close to tau: as they run, and as the flow that they are not.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "analysis/attractors/attractor_census.hpp"
#include "analysis/attractors/census_verdict.hpp"
#include "small_networks.hpp"

namespace shoal {
namespace {

using namespace test;

/// Mean time around the origin over so many turns; the last one ends between two steps, so that it
/// is right to a thousandth of a step.
double simulated_period(const Dynamics& pair, int turns) {
    Eigen::Vector2d x(0.5, 0.1);
    double angle = 0.0;
    double last = 0.0;
    int steps = 0;
    for (int step = -static_cast<int>(200.0 / pair.dt()); angle < 2.0 * std::numbers::pi * turns;
         ++step) {
        const Eigen::Vector2d next = pair.step(x);
        last = std::arg(std::complex<double>(next[0], next[1]) / std::complex<double>(x[0], x[1]));
        angle += step < 0 ? 0.0 : last;
        steps += step < 0 ? 0 : 1;
        x = next;
    }
    const double beyond = (angle - 2.0 * std::numbers::pi * turns) / last;
    return (steps - beyond) * pair.dt() / turns;
}

struct Turning {
    double angle;
    bool flow_turns;  ///< 1.5 cos(angle) > 1: the flow does not decay
};

// Only the flow's period was given, up to 15 % off. Of a pair whose flow decays none was.
TEST(OwnPeriod, IsThatOfTheStepsAndTheFlowsStandsBesideIt) {
    for (const Cell cell : all_values<Cell>) {
        for (const auto& [angle, flow_turns] : {Turning{0.6, true}, {0.7, true}, {1.0, false}}) {
            const NetworkModel fine = network_of(2, rotations(1.5, {angle}), cell, 1e-4);
            const double flow = flow_turns ? simulated_period(Dynamics(fine), 10) : -1.0;
            for (const double dt : {0.5, 0.7, 0.8, 0.9, 0.95, 0.99}) {
                SCOPED_TRACE(testing::Message() << name_of(cell) << ' ' << angle << ' ' << dt);
                CensusInput input;
                input.model = network_of(2, rotations(1.5, {angle}), cell, dt);
                input.trial_steps = 100;
                input.key = {7, 1};
                for (const double x : {0.5, -0.4, 0.2}) {
                    input.starts.push_back({StartKind::memory, Eigen::Vector2d(x, 0.1)});
                }
                const auto exact = make_backend("reference", {Precision::fp64, 1, 0});
                const CensusResult found = census(input, *exact);
                const double own = simulated_period(Dynamics(input.model), 2000);
                ASSERT_EQ(found.attractors.size(), 1u);
                const AttractorRecord& cycle = found.attractors[0];
                EXPECT_EQ(cycle.kind, AttractorKind::limit_cycle);
                // Simulated: a step's phase wobbles within a turn, by less than a step.
                EXPECT_NEAR(cycle.period, own, dt / 2000);
                // Of first order in the step: those of 0.5 change a period by less than 2, those
                // of 1e-4 by about 1 / 5000 of that.
                EXPECT_NEAR(cycle.flow_period, flow, 1e-3);
                EXPECT_GT(cycle.period, 1.05 * cycle.flow_period);
                EXPECT_EQ(cycle.limits.empty(), flow_turns) << cycle.limits;
                if (flow_turns) {
                    const FreeVerdict verdict =
                        judge_memories(found.summary, found.attractors, {}, 100 * dt, 1.0);
                    const auto said = fmt::format("period {:.6g} ({:.6g} as a flow)", cycle.period,
                                                  cycle.flow_period);
                    EXPECT_NE(verdict.evidence.find(said), std::string::npos) << verdict.evidence;
                }
            }
        }
    }
}

}  // namespace
}  // namespace shoal
