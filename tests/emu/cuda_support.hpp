// SPDX-License-Identifier: MIT
// What tests of the cuda backend share. They load it as the program does: the emulated device in
// ctest, a GPU where SHOAL_CUDA_LIBRARY names the real library.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "backend/populations.hpp"

namespace shoal {

class FunctionTest : public ::testing::Test {
  public:
    explicit FunctionTest(std::function<void()> body) : body_(std::move(body)) {}
    void TestBody() override { body_(); }

  private:
    std::function<void()> body_;
};

/// Makes the test `suite`.`name`, which ctest knows as emu.<suite>.<name>.
inline void add_test(const char* suite, const std::string& name, std::function<void()> body) {
    ::testing::RegisterTest(
        suite, name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
        [body = std::move(body)]() -> ::testing::Test* { return new FunctionTest(body); });
}

inline std::string size_name(int units) {
    return "n" + std::to_string(units);
}

/// An environment variable while this lives.
class Environment {
  public:
    Environment(const char* name, const std::string& value) : name_(name) {
        ::setenv(name, value.c_str(), 1);
    }
    ~Environment() { ::unsetenv(name_); }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

  private:
    const char* name_;
};

inline std::unique_ptr<Backend> cuda_backend(Precision precision = Precision::fp32) {
    return make_backend("cuda", {precision, 1, 0});
}
inline std::unique_ptr<Backend> exact_backend() {
    return make_backend("reference", {Precision::fp64, 1, 0});
}

/// Bound of one trial from equal states: rounding grows by the largest exponent of such networks,
/// below 0.5 per tau of 10 steps, and by the feedback loop while P is still near I (gains of order
/// N): 300 covers that at these N, so that 70 steps have 1e4 eps, as for the cpu backend. A wrong
/// term gives far more.
inline double trial_bound(Precision precision, int steps) {
    const double eps = precision == Precision::fp32 ? 0x1p-23 : 0x1p-52;
    return 300 * std::exp(0.05 * steps) * eps;
}

inline bool same_bits(const ForceState& a, const ForceState& b) {
    return a.state == b.state && a.readout == b.readout && a.output == b.output &&
           a.inverse_correlation == b.inverse_correlation;
}

/// A trial with masks as a file may have them: smooth inputs and targets, `errors(t, output)`.
inline Trial masked_trial(int steps, int inputs, int outputs,
                          const std::function<bool(int, int)>& errors) {
    Trial trial;
    for (int t = 0; t < steps; ++t) {
        for (int i = 0; i < inputs; ++i) {
            trial.inputs.push_back(std::sin(0.3 * t + i));
        }
        for (int o = 0; o < outputs; ++o) {
            const bool error = errors(t, o);
            trial.mask.push_back(error ? 1 : 0);
            trial.targets.push_back(error ? std::cos(0.2 * t + 2 * o) : 0.0);
        }
    }
    return trial;
}

/// make_network with a trial of 10 steps and 3 updates in 3 epochs, for sizes whose emulation
/// takes long.
inline TestNetwork make_brief_network(NetworkFactory& factory, int units, std::uint32_t replicate,
                                      Cell cell = Cell::current) {
    TestNetwork network = make_network(factory, units, replicate, 1.2, cell);
    network.spec.task.durations = {0.2, 0.2, 0.2, 0.2, 0.2};
    network.task = make_task(network.spec.task, network.spec.network, ErrorSchedule::epochs);
    return network;
}

inline void add_bias(NetworkModel& model) {
    for (int i = 0; i < model.units; ++i) {
        model.bias.push_back(0.2 * standard_normal(random_bits({7, 0}, Purpose::test, 0, 0,
                                                               static_cast<std::uint32_t>(i))));
    }
}

struct TrialResult {
    TrialOutcome outcome;
    ForceState state;
};

/// One trial in a session of its own, from a saved state or fresh.
inline TrialResult run_one(Backend& backend, const NetworkModel& model, const ForceRule& rule,
                           const ForceState* from, const Trial& trial, std::int64_t first_step) {
    const auto session = backend.force_session();
    const ForceSession::Work work{session->add(model, rule, from), &trial, first_step};
    TrialResult result;
    session->run_trial({&work, 1}, {&result.outcome, 1});
    result.state = session->state(work.handle, ForceSession::Parts::everything);
    return result;
}

inline void expect_close(const TrialResult& got, const TrialResult& want, double bound) {
    EXPECT_EQ(got.outcome.diverged_at, want.outcome.diverged_at);
    ASSERT_EQ(got.outcome.rms_error.size(), want.outcome.rms_error.size());
    for (std::size_t o = 0; o < want.outcome.rms_error.size(); ++o) {
        EXPECT_NEAR(got.outcome.rms_error[o], want.outcome.rms_error[o],
                    bound * std::max(1.0, want.outcome.rms_error[o]));
    }
    EXPECT_LE(distance(got.state.state, want.state.state), bound);
    EXPECT_LE(distance(got.state.readout, want.state.readout), bound);
    EXPECT_LE(distance(got.state.output, want.state.output), bound);
    ASSERT_EQ(got.state.inverse_correlation.size(), want.state.inverse_correlation.size());
    for (std::size_t g = 0; g < want.state.inverse_correlation.size(); ++g) {
        EXPECT_LE(distance(got.state.inverse_correlation[g], want.state.inverse_correlation[g]),
                  bound);
    }
}

/// Trials 1 ... trials of a network, each from the state that the reference in double had before
/// it.
inline void expect_trials_agree(const TestNetwork& network, Precision precision, int trials) {
    const auto exact = exact_backend();
    const auto tested = cuda_backend(precision);
    const int steps = network.task->shape().steps;
    std::optional<ForceState> before;
    for (int i = 0; i < trials; ++i) {
        const Trial trial = trial_of(network, i);
        const ForceState* from = before ? &*before : nullptr;
        const std::int64_t first_step = std::int64_t{i} * steps + i;  // even and odd starts
        auto want = run_one(*exact, network.model, network.rule, from, trial, first_step);
        const auto got = run_one(*tested, network.model, network.rule, from, trial, first_step);
        expect_close(got, want, trial_bound(precision, steps));
        before = std::move(want.state);
    }
}

}  // namespace shoal
