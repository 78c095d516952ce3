// SPDX-License-Identifier: MIT
// Trains the networks of a configuration side by side, in memory, and finds the fixed points of
// each one.
#include <cstdio>
#include <exception>
#include <memory>
#include <vector>

#include "shoal/analysis/search/fixed_point_search.hpp"
#include "shoal/analysis/search/search_starts.hpp"
#include "shoal/backend/backend.hpp"
#include "shoal/config/config.hpp"
#include "shoal/model/network.hpp"
#include "shoal/task/task.hpp"

namespace {

struct Learner {
    std::shared_ptr<const shoal::Task> task;
    std::vector<int> order;  ///< types of its training trials
    shoal::NetworkModel model;
    shoal::Trial trial;
};

/// All networks by FORCE, one trial of everyone at a time; the models get their readouts.
void train(const shoal::Config& config, std::vector<Learner>& learners) {
    const auto backend = shoal::make_backend("cpu", {shoal::Precision::fp32});
    const auto session = backend->force_session();
    shoal::NetworkFactory factory;  // one for all, so that equal matrices are in memory once
    std::vector<shoal::ForceSession::Work> work;
    for (const shoal::NetworkSpec& spec : config.networks) {
        Learner& learner = learners.emplace_back();
        learner.task = shoal::make_task(spec.task, spec.network, spec.training.error);
        learner.order = learner.task->training_order(spec.key(), spec.training.trials);
        const shoal::TaskShape shape = learner.task->shape();
        learner.model = factory.make(spec, shape.inputs, shape.outputs);
        const shoal::ForceRule rule = {spec.training.alpha, learner.task->output_groups(),
                                       learner.task->groups_overlap()};
        work.push_back({session->add(learner.model, rule, nullptr)});
    }
    std::vector<shoal::TrialOutcome> outcomes(work.size());
    for (int trial = 0; trial < config.networks.front().training.trials; ++trial) {
        for (std::size_t i = 0; i < work.size(); ++i) {
            Learner& learner = learners[i];
            const int type = learner.order[static_cast<std::size_t>(trial)];
            learner.task->training_trial(config.networks[i].key(), trial, type, learner.trial);
            work[i].trial = &learner.trial;
            work[i].first_step = static_cast<std::int64_t>(trial) * learner.task->shape().steps;
        }
        session->run_trial(work, outcomes);
    }
    for (std::size_t i = 0; i < work.size(); ++i) {
        using Parts = shoal::ForceSession::Parts;
        learners[i].model.readout = session->state(work[i].handle, Parts::weights).readout;
    }
}

void show_fixed_points(const shoal::NetworkSpec& spec, const shoal::NetworkModel& model) {
    const shoal::Dynamics dynamics(model);
    const Eigen::MatrixXd starts = shoal::random_starts(dynamics, 128, spec.key());
    const shoal::SearchResult found = shoal::search_fixed_points(dynamics, starts);
    std::printf("gain %.1f: %d fixed points, %d of them proved\n%s\n", spec.network.gain,
                found.summary.roots, found.summary.proved, found.summary.completeness.c_str());
    for (const shoal::FoundPoint& point : found.points) {
        const bool slow = point.label == shoal::PointLabel::slow;
        std::printf("  %s point, %d unstable directions, |F| = %.1e, %d starts ended there\n",
                    slow ? "slow" : "fixed", point.unstable, point.speed, point.hits);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: fixed_points CONFIG\n");
        return 2;
    }
    try {
        const shoal::Config config = shoal::load_config(argv[1]);
        std::vector<Learner> learners;
        train(config, learners);
        for (std::size_t i = 0; i < learners.size(); ++i) {
            show_fixed_points(config.networks[i], learners[i].model);
        }
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "fixed_points: %s\n", problem.what());
        return 1;
    }
}
