// SPDX-License-Identifier: MIT
// Small populations for backend tests.
#pragma once

#include <cmath>
#include <vector>

#include "backend/backend.hpp"
#include "backend/readout_groups.hpp"
#include "model/network.hpp"
#include "task/task.hpp"

namespace shoal {

struct TestNetwork {
    NetworkSpec spec;
    NetworkModel model;
    ForceRule rule;
    std::shared_ptr<const Task> task;
};

/// A network of the published kind with a short trial (70 steps, 15 updates in 3 epochs).
inline TestNetwork make_network(NetworkFactory& factory, int units, std::uint32_t replicate,
                                double gain = 1.2, Cell cell = Cell::current) {
    TestNetwork network;
    network.spec.replicate = replicate;
    network.spec.network.units = units;
    network.spec.network.gain = gain;
    network.spec.network.cell = cell;
    network.spec.task.durations = {2.0, 1.0, 2.0, 1.0, 1.0};
    network.task = make_task(network.spec.task, network.spec.network, ErrorSchedule::epochs);
    network.rule = force_rule(1.0, *network.task);
    const TaskShape shape = network.task->shape();
    network.model = factory.make(network.spec, shape.inputs, shape.outputs);
    return network;
}

inline Trial trial_of(const TestNetwork& network, int trial) {
    const auto order = network.task->training_order(network.spec.key(), 64);
    Trial out;
    network.task->training_trial(network.spec.key(), trial, order[static_cast<std::size_t>(trial)],
                                 out);
    return out;
}

/// Relative distance |a - b| / |b|; NaN anywhere gives NaN, which fails every comparison.
inline double distance(const std::vector<double>& a, const std::vector<double>& b) {
    double difference = 0, size = 0;
    for (std::size_t i = 0; i < b.size(); ++i) {
        difference += (a.at(i) - b[i]) * (a.at(i) - b[i]);
        size += b[i] * b[i];
    }
    return a.size() != b.size() ? NAN : difference == 0.0 ? 0.0 : std::sqrt(difference / size);
}

/// Trains `trials` trials and returns the state after each.
inline std::vector<ForceState> train(Backend& backend, const TestNetwork& network, int trials) {
    const auto session = backend.force_session();
    const int handle = session->add(network.model, network.rule, nullptr);
    std::vector<ForceState> states;
    for (int i = 0; i < trials; ++i) {
        const Trial trial = trial_of(network, i);
        const ForceSession::Work work{handle, &trial,
                                      std::int64_t{i} * network.task->shape().steps};
        TrialOutcome outcome;
        session->run_trial({&work, 1}, {&outcome, 1});
        states.push_back(session->state(handle, ForceSession::Parts::everything));
    }
    return states;
}

}  // namespace shoal
