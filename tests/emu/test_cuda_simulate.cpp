// SPDX-License-Identifier: MIT
// Simulation with frozen weights on the cuda backend against the reference in double.
#include "emu/cuda_support.hpp"

namespace shoal {
namespace {

/// A request with everything it points to.
struct Simulated {
    TestNetwork network;
    std::vector<Trial> trials;
    SimulationRequest request;

    const SimulationRequest& ready() {
        request.network = &network.model;
        return request;
    }
};

/// `conditions` starts, driven by the trial types in turn; every third one has no input.
Simulated make_simulated(int units, int conditions, int steps, Cell cell = Cell::current) {
    NetworkFactory factory;
    Simulated made{make_network(factory, units, 2, 1.1, cell), {}, {}};
    NetworkModel& model = made.network.model;
    const auto normal = [](std::uint32_t stream, std::uint32_t condition, std::size_t i) {
        return standard_normal(
            random_bits({stream, condition}, Purpose::test, 0, 0, static_cast<std::uint32_t>(i)));
    };
    for (std::size_t i = 0; i < model.readout.size(); ++i) {
        model.readout[i] = 0.05 * normal(8, 0, i);
    }
    made.trials.resize(4);
    for (int type = 0; type < 4; ++type) {
        made.network.task->test_trial({1, 0}, Purpose::test, type, type,
                                      made.trials[static_cast<std::size_t>(type)]);
    }
    SimulationRequest& request = made.request;
    request.steps = steps;
    for (int c = 0; c < conditions; ++c) {
        for (int i = 0; i < units; ++i) {
            request.initial_states.push_back(
                0.5 * normal(9, static_cast<std::uint32_t>(c), static_cast<std::size_t>(i)));
        }
        request.inputs.push_back(
            c % 3 == 2 ? nullptr : made.trials[static_cast<std::size_t>(c % 4)].inputs.data());
    }
    return made;
}

void record_everything(SimulationRequest& request) {
    request.outputs_from = request.steps / 2;
    request.states_at = {0, 1, request.steps / 2, request.steps};
    request.mean_rates = {{0, request.steps}, {1, 3}};
}

SimulationResult simulate(Backend& backend, const SimulationRequest& request) {
    return backend.simulate({&request, 1}).front();
}

void expect_close(const SimulationResult& got, const SimulationResult& want, double bound) {
    EXPECT_LE(distance(got.outputs, want.outputs), bound);
    EXPECT_LE(distance(got.states, want.states), bound);
    EXPECT_LE(distance(got.mean_rates, want.mean_rates), bound);
    EXPECT_LE(distance(got.final_states, want.final_states), bound);
    EXPECT_EQ(got.diverged_at, want.diverged_at);
}

bool same(const SimulationResult& a, const SimulationResult& b) {
    return a.outputs == b.outputs && a.states == b.states && a.mean_rates == b.mean_rates &&
           a.final_states == b.final_states && a.diverged_at == b.diverged_at;
}

void expect_agreement(const SimulationRequest& request, Precision precision) {
    const auto exact = exact_backend();
    const auto tested = cuda_backend(precision);
    expect_close(simulate(*tested, request), simulate(*exact, request),
                 trial_bound(precision, request.steps));
}

void expect_both_cells_agree(int units, int conditions, int steps, Precision precision) {
    for (const Cell cell : all_values<Cell>) {
        Simulated made = make_simulated(units, conditions, steps, cell);
        record_everything(made.request);
        expect_agreement(made.ready(), precision);
        made.request.constant_input = {0.3, -0.4};
        add_bias(made.network.model);
        expect_agreement(made.ready(), precision);
        made.network.model.feedback.clear();
        expect_agreement(made.ready(), precision);
    }
}

void expect_initial_outputs_are_fed_back(int units, Precision precision) {
    Simulated made = make_simulated(units, 4, 10);
    record_everything(made.request);
    const auto without = simulate(*cuda_backend(precision), made.ready());
    for (int i = 0; i < 12; ++i) {
        made.request.initial_outputs.push_back(0.3 * i - 1.0);
    }
    EXPECT_NE(simulate(*cuda_backend(precision), made.ready()).states, without.states);
    expect_agreement(made.ready(), precision);
}

/// Values of `condition` in a result of `conditions`.
std::vector<double> part(const std::vector<double>& values, std::size_t conditions,
                         std::size_t condition) {
    const auto width = static_cast<std::ptrdiff_t>(values.size() / conditions);
    const auto begin = values.begin() + width * static_cast<std::ptrdiff_t>(condition);
    return {begin, begin + width};
}

/// So many conditions that blocks take several of one run, the last block fewer.
void expect_same_bits_in_a_crowd(int units, int conditions, Precision precision) {
    Simulated made = make_simulated(units, conditions, 6);
    record_everything(made.request);
    const auto backend = cuda_backend(precision);
    const auto all = simulate(*backend, made.ready());
    const auto count = static_cast<std::size_t>(conditions);
    for (const std::size_t c : {std::size_t{0}, count / 2, count - 1}) {
        SimulationRequest one = made.request;
        one.inputs = {made.request.inputs[c]};
        one.initial_states = part(made.request.initial_states, count, c);
        const auto alone = simulate(*backend, one);
        EXPECT_EQ(alone.outputs, part(all.outputs, count, c)) << c;
        EXPECT_EQ(alone.states, part(all.states, count, c)) << c;
        EXPECT_EQ(alone.mean_rates, part(all.mean_rates, count, c)) << c;
        EXPECT_EQ(alone.final_states, part(all.final_states, count, c)) << c;
    }
}

void expect_same_bits_in_one_call(const std::vector<int>& sizes, Precision precision) {
    std::vector<Simulated> made;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        // Other steps and records for each.
        made.push_back(make_simulated(sizes[i], 2 + static_cast<int>(i % 3),
                                      8 + 5 * static_cast<int>(i % 4),
                                      i % 2 == 0 ? Cell::current : Cell::rate));
        SimulationRequest& request = made.back().request;
        if (i % 3 != 1) {
            record_everything(request);
        } else {
            request.states_at = {3, 7};
        }
    }
    const auto backend = cuda_backend(precision);
    std::vector<SimulationRequest> requests;
    for (Simulated& one : made) {
        requests.push_back(one.ready());
    }
    const auto together = backend->simulate(requests);
    ASSERT_EQ(together.size(), requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
        EXPECT_TRUE(same(together[i], simulate(*backend, requests[i]))) << i;
        expect_close(together[i], simulate(*exact_backend(), requests[i]),
                     trial_bound(precision, requests[i].steps));
    }
    std::reverse(requests.begin(), requests.end());
    const auto reversed = backend->simulate(requests);
    for (std::size_t i = 0; i < requests.size(); ++i) {
        EXPECT_TRUE(same(together[i], reversed[requests.size() - 1 - i])) << i;
    }
}

/// Condition 1 starts out of the range, condition 2 is driven out of it; 0 and 3 must not notice.
void expect_divergence_by_condition(int units, Precision precision) {
    Simulated made = make_simulated(units, 4, 12);
    const auto n = static_cast<std::size_t>(units);
    const auto healthy = simulate(*cuda_backend(precision), made.ready());
    for (std::size_t i = 0; i < n; ++i) {
        made.request.initial_states[n + i] = 2e4;
    }
    std::vector<double> strong(24, 0.0);
    std::fill(strong.begin() + 10, strong.end(), 1e8);  // from step 5
    made.request.inputs[2] = strong.data();
    made.request.outputs_from = 0;
    const auto got = simulate(*cuda_backend(precision), made.ready());
    const auto want = simulate(*exact_backend(), made.request);
    EXPECT_EQ(got.diverged_at, want.diverged_at);
    EXPECT_EQ(got.diverged_at, (std::vector<int>{-1, 0, 5, -1}));
    for (const std::size_t c : {std::size_t{0}, std::size_t{3}}) {
        EXPECT_EQ(part(got.final_states, 4, c), part(healthy.final_states, 4, c)) << c;
    }
}

/// Outputs leave the range, the state stays in it.
TEST(simulate_on_chip, divergence_of_an_output) {
    for (const Precision precision : {Precision::fp32, Precision::fp64}) {
        Simulated made = make_simulated(33, 2, 8);
        made.network.model.feedback.clear();
        for (std::size_t i = 33; i < 66; ++i) {
            made.network.model.readout[i] = i % 2 == 0 ? 1e6 : 0.0;
        }
        std::fill(made.request.initial_states.begin(), made.request.initial_states.end(), 0.0);
        const auto got = simulate(*cuda_backend(precision), made.ready());
        const auto want = simulate(*exact_backend(), made.request);
        EXPECT_EQ(got.diverged_at, want.diverged_at);
        EXPECT_GE(got.diverged_at[0], 0);
    }
}

/// More steps than one launch takes.
TEST(simulate_on_chip, many_launches) {
    Simulated made = make_simulated(1, 1, 66000);
    made.request.inputs = {nullptr};
    made.request.constant_input = {0.5, 0.5};
    made.request.outputs_from = 65530;
    made.request.mean_rates = {{65530, 65540}, {0, 66000}};
    const auto want = simulate(*exact_backend(), made.ready());
    const auto got = simulate(*cuda_backend(), made.request);
    // The network settles: rounding does not grow, whatever the number of steps.
    expect_close(got, want, 300 * 0x1p-23);
}

/// What one launch may take of shared memory is the tightest of its runs' limits.
TEST(simulate_on_chip, many_outputs_beside_few) {
    Simulated few = make_simulated(30, 2000, 1);
    Simulated many = make_simulated(30, 2, 1);
    NetworkFactory factory;
    many.network.model = factory.make(many.network.spec, 2, 120);
    many.network.model.readout.assign(120 * 30, 0.01);
    few.request.outputs_from = many.request.outputs_from = 0;
    const std::vector<SimulationRequest> requests = {few.ready(), many.ready()};
    const auto backend = cuda_backend();
    const auto got = backend->simulate(requests);
    EXPECT_TRUE(same(got[0], simulate(*backend, requests[0])));
    EXPECT_TRUE(same(got[1], simulate(*backend, requests[1])));
    expect_close(got[1], simulate(*exact_backend(), requests[1]), trial_bound(Precision::fp32, 1));
}

TEST(simulate_on_chip, nothing_wanted_and_nothing_to_do) {
    const auto backend = cuda_backend();
    EXPECT_TRUE(backend->simulate({}).empty());
    Simulated made = make_simulated(33, 2, 5);
    const auto result = simulate(*backend, made.ready());
    EXPECT_TRUE(result.outputs.empty());
    EXPECT_TRUE(result.states.empty());
    EXPECT_TRUE(result.mean_rates.empty());
    EXPECT_EQ(result.final_states.size(), 66u);
    made.request.steps = 0;
    EXPECT_LE(distance(simulate(*backend, made.ready()).final_states, made.request.initial_states),
              0x1p-24);
}

const bool registered = [] {
    for (const int units : {1, 31, 32, 33, 64, 65, 100, 128, 129, 200, 204}) {
        add_test("simulate_on_chip", size_name(units),
                 [=] { expect_both_cells_agree(units, 4, 20, Precision::fp32); });
    }
    for (const int units : {1, 31, 32, 33, 64, 100, 128, 200}) {
        add_test("streamed_simulation", size_name(units) + "_fp64",
                 [=] { expect_both_cells_agree(units, 7, 12, Precision::fp64); });
    }
    for (const int units : {205, 257}) {
        add_test("streamed_simulation", size_name(units),
                 [=] { expect_both_cells_agree(units, 3, 4, Precision::fp32); });
    }
    for (const Precision precision : {Precision::fp32, Precision::fp64}) {
        add_test("streamed_simulation", precision == Precision::fp32 ? "n1000" : "n1000_fp64", [=] {
            Simulated made = make_simulated(1000, 18, 2);
            record_everything(made.request);
            expect_agreement(made.ready(), precision);
        });
    }
    add_test("simulate_on_chip", "initial_outputs_n33",
             [] { expect_initial_outputs_are_fed_back(33, Precision::fp32); });
    add_test("streamed_simulation", "initial_outputs_n33_fp64",
             [] { expect_initial_outputs_are_fed_back(33, Precision::fp64); });
    add_test("simulate_on_chip", "crowd_n32",
             [] { expect_same_bits_in_a_crowd(32, 2119, Precision::fp32); });
    add_test("simulate_on_chip", "crowd_n65",
             [] { expect_same_bits_in_a_crowd(65, 531, Precision::fp32); });
    add_test("simulate_on_chip", "crowd_n200",
             [] { expect_same_bits_in_a_crowd(200, 269, Precision::fp32); });
    add_test("streamed_simulation", "crowd_n33_fp64",
             [] { expect_same_bits_in_a_crowd(33, 37, Precision::fp64); });
    add_test("simulate_on_chip", "sizes_in_one_call", [] {
        expect_same_bits_in_one_call({1, 33, 257, 64, 100, 33, 200, 32}, Precision::fp32);
    });
    add_test("streamed_simulation", "sizes_in_one_call_fp64", [] {
        expect_same_bits_in_one_call({1, 33, 65, 33}, Precision::fp64);
    });
    for (const int units : {1, 33, 100, 200}) {
        add_test("simulate_on_chip", "divergence_" + size_name(units),
                 [=] { expect_divergence_by_condition(units, Precision::fp32); });
    }
    add_test("streamed_simulation", "divergence_n205",
             [] { expect_divergence_by_condition(205, Precision::fp32); });
    add_test("streamed_simulation", "divergence_n33_fp64",
             [] { expect_divergence_by_condition(33, Precision::fp64); });
    return true;
}();

}  // namespace
}  // namespace shoal
