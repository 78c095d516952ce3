// SPDX-License-Identifier: MIT
// The reference backend on networks small enough to write every step out.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "backend/backend.hpp"

namespace shoal {
namespace {

std::unique_ptr<Backend> reference() {
    return make_backend("reference", {Precision::fp64, 1, 0});
}

/// Two units, one input, one output.
NetworkModel two_units(Cell cell) {
    NetworkModel model;
    model.units = 2;
    model.inputs = 1;
    model.outputs = 1;
    model.cell = cell;
    model.tau = 2.0;
    model.dt = 0.5;
    model.gain = 1.5;
    model.recurrent = dense_matrix(2, {0.1, 0.2, -0.3, 0.4});  // not symmetric: [to, from]
    model.input = {1.0, -1.0};
    model.feedback = {0.5, 0.25};
    model.readout = {2.0, -1.0};
    model.bias = {0.01, 0.02};
    model.initial_state = {0.3, -0.2};
    return model;
}

TEST(Reference, OneStepCurrent) {
    const NetworkModel model = two_units(Cell::current);
    const double u = 0.7;
    SimulationRequest request;
    request.network = &model;
    request.steps = 1;
    request.initial_states = model.initial_state;
    request.inputs = {&u};
    request.outputs_from = 0;

    const auto result = reference()->simulate({&request, 1}).front();

    const double r0 = std::tanh(0.3), r1 = std::tanh(-0.2);
    const double z = 2.0 * r0 - r1;
    const double a0 = 1.5 * (0.1 * r0 + 0.2 * r1) + 0.5 * z + 0.7 + 0.01;
    const double a1 = 1.5 * (-0.3 * r0 + 0.4 * r1) + 0.25 * z - 0.7 + 0.02;
    const double x0 = 0.3 + 0.25 * (-0.3 + a0);
    const double x1 = -0.2 + 0.25 * (0.2 + a1);
    EXPECT_NEAR(result.final_states[0], x0, 1e-15);
    EXPECT_NEAR(result.final_states[1], x1, 1e-15);
    EXPECT_NEAR(result.outputs[0], 2.0 * std::tanh(x0) - std::tanh(x1), 1e-15);
}

TEST(Reference, OneStepRate) {
    const NetworkModel model = two_units(Cell::rate);
    SimulationRequest request;
    request.network = &model;
    request.steps = 1;
    request.initial_states = model.initial_state;
    request.inputs = {nullptr};
    request.constant_input = {0.7};
    request.outputs_from = 0;

    const auto result = reference()->simulate({&request, 1}).front();

    const double z = 2.0 * 0.3 + 0.2;
    const double a0 = 1.5 * (0.1 * 0.3 - 0.2 * 0.2) + 0.5 * z + 0.7 + 0.01;
    const double a1 = 1.5 * (-0.3 * 0.3 - 0.4 * 0.2) + 0.25 * z - 0.7 + 0.02;
    const double h0 = 0.3 + 0.25 * (-0.3 + std::tanh(a0));
    const double h1 = -0.2 + 0.25 * (0.2 + std::tanh(a1));
    EXPECT_NEAR(result.final_states[0], h0, 1e-15);
    EXPECT_NEAR(result.final_states[1], h1, 1e-15);
    EXPECT_NEAR(result.outputs[0], 2.0 * h0 - h1, 1e-15);
}

/// One trial of `steps` steps without input; `errors` marks the steps with an error, target 0.8.
Trial plain_trial(const std::vector<int>& errors) {
    Trial trial;
    trial.inputs.assign(errors.size(), 0.0);
    trial.targets.assign(errors.size(), 0.0);
    for (const int e : errors) {
        trial.mask.push_back(static_cast<std::uint8_t>(e));
    }
    for (std::size_t t = 0; t < errors.size(); ++t) {
        trial.targets[t] = errors[t] != 0 ? 0.8 : 0.0;
    }
    return trial;
}

TEST(Reference, RecursiveLeastSquaresStepByStep) {
    // Textbook RLS with P rewritten after every update, in the same closed loop.
    NetworkModel model = two_units(Cell::current);
    model.readout = {0.0, 0.0};
    const std::vector<int> errors = {0, 1, 1, 1, 1, 0, 1, 1};
    const Trial trial = plain_trial(errors);
    const auto backend = reference();
    const auto session = backend->force_session();
    const int handle = session->add(model, {2.0, {0}}, nullptr);
    const ForceSession::Work work{handle, &trial, 0};
    TrialOutcome outcome;

    session->run_trial({&work, 1}, {&outcome, 1});

    double x[2] = {0.3, -0.2}, w[2] = {0, 0}, z = 0;
    double p[2][2] = {{0.5, 0}, {0, 0.5}};
    double squared = 0;
    const double j[2][2] = {{0.1, 0.2}, {-0.3, 0.4}}, fb[2] = {0.5, 0.25}, b[2] = {0.01, 0.02};
    for (std::size_t t = 0; t < errors.size(); ++t) {
        const double r_old[2] = {std::tanh(x[0]), std::tanh(x[1])};
        for (int i = 0; i < 2; ++i) {
            const double a = 1.5 * (j[i][0] * r_old[0] + j[i][1] * r_old[1]) + fb[i] * z + b[i];
            x[i] += 0.25 * (a - x[i]);
        }
        const double r[2] = {std::tanh(x[0]), std::tanh(x[1])};
        z = w[0] * r[0] + w[1] * r[1];
        if (errors[t] == 0) {
            continue;
        }
        squared += (z - 0.8) * (z - 0.8);
        if (t % 2 != 0) {
            continue;  // only even steps learn
        }
        const double k[2] = {p[0][0] * r[0] + p[0][1] * r[1], p[1][0] * r[0] + p[1][1] * r[1]};
        const double c = 1 + r[0] * k[0] + r[1] * k[1];
        for (int i = 0; i < 2; ++i) {
            for (int l = 0; l < 2; ++l) {
                p[i][l] -= k[i] * k[l] / c;
            }
            w[i] -= k[i] * (z - 0.8) / c;
        }
    }
    const auto state = session->state(handle, ForceSession::Parts::everything);
    // A few dozen operations on numbers of order 1: well below 1e-13.
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_NEAR(state.state[i], x[i], 1e-13);
        EXPECT_NEAR(state.readout[i], w[i], 1e-13);
    }
    EXPECT_NEAR(state.output[0], z, 1e-13) << "z before the last weight change is what is fed back";
    EXPECT_NEAR(state.inverse_correlation[0][0], p[0][0], 1e-13);
    EXPECT_NEAR(state.inverse_correlation[0][1], p[1][0], 1e-13);
    EXPECT_NEAR(state.inverse_correlation[0][2], p[1][1], 1e-13);
    EXPECT_NEAR(outcome.rms_error[0], std::sqrt(squared / 6), 1e-13);
    EXPECT_NE(w[0], 0.0);
}

TEST(Reference, EvenStepsAreCountedOverTheWholeRun) {
    NetworkModel model = two_units(Cell::current);
    const Trial trial = plain_trial({1, 0, 0});
    const auto backend = reference();
    for (const std::int64_t first_step : {0, 3}) {
        const auto session = backend->force_session();
        const int handle = session->add(model, {1.0, {0}}, nullptr);
        const ForceSession::Work work{handle, &trial, first_step};
        TrialOutcome outcome;
        session->run_trial({&work, 1}, {&outcome, 1});
        const auto state = session->state(handle, ForceSession::Parts::weights);
        EXPECT_EQ(state.readout == model.readout, first_step == 3);
    }
}

TEST(Reference, OutputsOfAGroupShareP) {
    // Two outputs with one P learn as two networks with one output each and equal P would, as long
    // as nothing is fed back.
    NetworkModel model = two_units(Cell::current);
    model.outputs = 2;
    model.feedback = {};
    model.readout = {0, 0, 0, 0};
    Trial trial;
    trial.inputs.assign(4, 0.0);
    trial.mask.assign(8, 1);
    trial.targets = {0.8, -0.5, 0.8, -0.5, 0.8, -0.5, 0.8, -0.5};
    const auto backend = reference();
    const auto run = [&](std::vector<int> groups) {
        const auto session = backend->force_session();
        const int handle = session->add(model, {1.0, std::move(groups)}, nullptr);
        const ForceSession::Work work{handle, &trial, 0};
        TrialOutcome outcome;
        session->run_trial({&work, 1}, {&outcome, 1});
        return session->state(handle, ForceSession::Parts::everything);
    };

    const auto shared = run({0, 0});
    const auto separate = run({0, 1});

    EXPECT_EQ(shared.readout, separate.readout);
    EXPECT_EQ(shared.inverse_correlation.size(), 1u);
    EXPECT_EQ(separate.inverse_correlation.size(), 2u);
}

TEST(Reference, DivergedNetworkKeepsItsLastGoodState) {
    NetworkModel model = two_units(Cell::current);
    model.bias = {1e6, 0.0};
    const Trial trial = plain_trial({0, 0, 0});
    const auto backend = reference();
    const auto session = backend->force_session();
    const int handle = session->add(model, {1.0, {0}}, nullptr);
    const ForceSession::Work work{handle, &trial, 0};
    TrialOutcome outcome;

    session->run_trial({&work, 1}, {&outcome, 1});

    EXPECT_EQ(outcome.diverged_at, 0);
    EXPECT_EQ(session->state(handle, ForceSession::Parts::weights).state, model.initial_state);
}

}  // namespace
}  // namespace shoal
