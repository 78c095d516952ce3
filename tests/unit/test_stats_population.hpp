// SPDX-License-Identifier: MIT
// A made-up population for tests of tables and reports: nothing here was trained.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "stats/table.hpp"

namespace shoal::test {

struct PopulationOptions {
    std::string name = "made-up";
    std::vector<double> gains = {0.8, 1.1, 1.4};
    std::vector<double> feedbacks = {0.2, 1.0};
    int replicates = 8;
    int trials = 60;
    double accepted_share = 0.7;  ///< of trained networks, about
    double diverged_share = 0.05;
    double pending_share = 0.0;
    bool analysed = true;
    int units = 20;
};

/// Uniform on (0, 1), keyed by network and question.
inline double draw(std::uint32_t network, std::uint32_t question, std::uint32_t index = 0) {
    return uniform01(random_bits({1, 0}, Purpose::test, network, question, index));
}

inline TrainedNetwork made_up_network(const NetworkSpec& spec, std::uint32_t i,
                                      const PopulationOptions& options) {
    TrainedNetwork network;
    network.uid = spec.uid;
    network.status = draw(i, 0) < options.diverged_share ? Status::diverged : Status::trained;
    const bool diverged = network.status == Status::diverged;
    network.trials_done = diverged ? options.trials / 3 : options.trials;
    network.diverged_step = diverged ? 350 * network.trials_done + 17 : -1;
    network.readout.assign(static_cast<std::size_t>(3 * options.units), 0.1);
    network.state.assign(static_cast<std::size_t>(options.units), 0.2);
    network.conclusions.assign(static_cast<std::size_t>(4 * options.units), 0.3);
    const bool accepted = !diverged && draw(i, 1) < options.accepted_share;
    const double end = diverged ? 3.0 : accepted ? 0.02 : 0.3;
    for (int trial = 0; trial < network.trials_done; ++trial) {
        const double progress = static_cast<double>(trial) / options.trials;
        for (std::uint32_t output = 0; output < 3; ++output) {
            const double noise = draw(i, 2, static_cast<std::uint32_t>(3 * trial) + output);
            const double error = std::pow(end, progress) * (0.4 + noise);
            network.error_curve.push_back(static_cast<float>(error));
        }
    }
    network.acceptance.accepted = accepted;
    network.acceptance.accepted_lax = accepted || (!diverged && draw(i, 3) < 0.2);
    network.acceptance.fraction_failed = accepted ? 0.0 : 0.1 + 0.9 * draw(i, 4);
    network.acceptance.median_error = end * draw(i, 5);
    network.acceptance.authors_fractions = {0.9, 0.5, 0.1, 0.0};
    return network;
}

inline FixedPoint made_up_point(std::uint32_t i, int units, int conclusion) {
    FixedPoint point;
    point.state.assign(static_cast<std::size_t>(units), 0.5);
    point.speed = 1e-13;
    point.reached_from = {conclusion};
    const auto question = static_cast<std::uint32_t>(20 + conclusion);
    for (int k = 0; k < units; k += 2) {
        const double re = -0.02 - 0.1 * k - 0.05 * draw(i, question, 0);
        const double im = 0.8 * draw(i, question, static_cast<std::uint32_t>(k + 1));
        for (const double sign : {1.0, -1.0}) {
            point.eigenvalues.push_back(re);
            point.eigenvalues.push_back(sign * im);
        }
    }
    return point;
}

inline NetworkAnalysis made_up_analysis(const NetworkSpec& spec, std::uint32_t i, int units) {
    constexpr Mechanism kinds[] = {Mechanism::slow_manifold, Mechanism::slow_manifold,
                                   Mechanism::direct,        Mechanism::limit_cycle,
                                   Mechanism::mixed,         Mechanism::chaotic};
    NetworkAnalysis analysis;
    analysis.uid = spec.uid;
    analysis.mechanism = kinds[static_cast<std::size_t>(6.0 * draw(i, 10))];
    const bool settles =
        analysis.mechanism == Mechanism::direct || analysis.mechanism == Mechanism::slow_manifold;
    analysis.rule_b = settles ? RuleLabel::manifold : RuleLabel::limit_cycle;
    analysis.attractors = analysis.mechanism == Mechanism::direct ? 3 : 1;
    analysis.saturated_delay = 0.5 * draw(i, 11);
    analysis.saturated_response = 0.5 * draw(i, 12);
    analysis.evidence = "Made up, for tests.";
    for (int conclusion = 0; conclusion < 4; ++conclusion) {
        DelayRun run;
        const double rate = analysis.mechanism == Mechanism::direct ? 3.0 : 0.4;
        for (const double delay : {0.0, 1.0, 5.0, 10.0, 20.0, 30.0, 40.0, 50.0}) {
            const double noise = 0.5 + draw(i, 13, static_cast<std::uint32_t>(delay));
            run.speeds.push_back(noise * (settles ? std::exp(-rate * delay) : 0.3));
        }
        run.settled = settles;
        run.attractor = settles ? conclusion : -1;
        analysis.runs.push_back(run);
        if (settles) {
            analysis.points.push_back(made_up_point(i, units, conclusion));
        }
    }
    if (!settles) {
        analysis.exponents = {0.0001, -0.03, -0.05};
        analysis.period = 12.5;
    }
    return analysis;
}

inline ExampleTrajectories made_up_example(const NetworkAnalysis& analysis, int samples = 400) {
    ExampleTrajectories example;
    example.uid = analysis.uid;
    example.mechanism = analysis.mechanism;
    example.sample_interval = 0.5;
    example.samples = samples;
    example.conclusions = 4;
    example.components = 3;
    example.variance_explained = {0.61, 0.2, 0.07};
    const bool moves =
        analysis.mechanism != Mechanism::direct && analysis.mechanism != Mechanism::slow_manifold;
    for (int c = 0; c < 4; ++c) {
        for (int s = 0; s < samples; ++s) {
            const double time = 0.5 * s;
            const double decay = std::exp(-time / 60.0);
            const double wave = moves ? 0.4 * std::sin(0.5 * time + c) : 0.0;
            example.outputs.push_back(static_cast<float>(0.5 + 0.25 * c * decay + wave));
            for (int k = 0; k < 3; ++k) {
                const double phase = 0.2 * time + 1.3 * c + 1.57 * k;
                const double size = moves ? 2.0 + 0.1 * c : 3.0 * decay;
                example.components_of_r.push_back(static_cast<float>(size * std::cos(phase)));
            }
        }
    }
    return example;
}

/// Uids are 16 hex digits that count rows, so that expectations can be written down.
inline RunContent made_up_run(const PopulationOptions& options = {}) {
    RunContent run;
    run.config.name = options.name;
    run.config.swept_keys = {"network.gain", "network.feedback_scale"};
    run.config.axes = run.config.swept_keys;
    run.config.resolved_yaml = fmt::format("name: \"{}\"\nseed: 1\n", options.name);
    std::uint32_t i = 0;
    std::vector<Mechanism> shown;
    for (const double gain : options.gains) {
        for (const double feedback : options.feedbacks) {
            for (int replicate = 0; replicate < options.replicates; ++replicate, ++i) {
                NetworkSpec spec;
                spec.replicate = static_cast<std::uint32_t>(replicate);
                spec.network.gain = gain;
                spec.network.feedback_scale = feedback;
                spec.swept = {{"network.gain", gain}, {"network.feedback_scale", feedback}};
                spec.uid = fmt::format("{:016x}", i);
                spec.position = i;
                run.config.networks.push_back(spec);
                if (draw(i, 30) < options.pending_share) {
                    continue;
                }
                const TrainedNetwork network = made_up_network(spec, i, options);
                const bool analyse = options.analysed && network.acceptance.accepted;
                run.trained.emplace(spec.uid, network);
                if (!analyse) {
                    continue;
                }
                const NetworkAnalysis analysis = made_up_analysis(spec, i, options.units);
                run.analysed.emplace(spec.uid, analysis);
                if (std::find(shown.begin(), shown.end(), analysis.mechanism) == shown.end()) {
                    shown.push_back(analysis.mechanism);
                    run.examples.push_back(made_up_example(analysis));
                }
            }
        }
    }
    return run;
}

}  // namespace shoal::test
