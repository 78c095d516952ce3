// SPDX-License-Identifier: MIT
// Conclusions and the acceptance test of trained networks (host/MATHEMATICS.md, A.6).
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "backend/backend.hpp"
#include "records/records.hpp"
#include "task/task.hpp"
#include "train/accept_rule.hpp"

namespace shoal {

inline constexpr int conclusion_trials_per_type = 5;
inline constexpr int acceptance_stimuli = 10;        ///< stimulus seeds
inline constexpr double acceptance_threshold = 0.1;  ///< RMS error over the response

/// A network to test: trained weights in place, initial_state = end of training.
struct Candidate {
    const NetworkModel* model = nullptr;
    const Task* task = nullptr;
    RandomKey key;
    AcceptRule rule = {};
    bool probabilities = false;  ///< outputs are logits of a softmax
};

struct TestOutcome {
    std::vector<double>
        conclusions;  ///< [conclusion, unit], one per trial type in order of types()
    Acceptance acceptance;
};

/// Conclusions: the first end-of-trial state of each type in 5 further trials of each type,
/// permuted by the key, state running on, weights frozen. Then 10 stimulus seeds x conclusions x
/// types; per run the RMS error over the last error epoch of the trial, over the outputs that have
/// an error there. The task's own score is the share of the runs below 0.1. Runs that diverge count
/// as failed. results[i] belongs to candidates[i].
std::vector<TestOutcome> test_networks(Backend& backend, std::span<const Candidate> candidates);

inline constexpr int solution_trials = 200;

/// The test after gradient training (host/MATHEMATICS.md, B.4): 200 fresh trials of all types in
/// turn, each from the network's initial state, without process noise, weights frozen. The task's
/// own score is the mean of its scores of the trials; fraction_failed is one minus the score, and
/// median_error the median over trials of the RMS error over everything masked (of softmax
/// probabilities where targets are classes). Conclusions: end states of the first trial of each
/// type, or of the first few trials of tasks with one type. Trials that diverge score 0.
std::vector<TestOutcome> test_solutions(Backend& backend, std::span<const Candidate> candidates);

/// Networks to test in one call: no more than it takes, because the conditions of a test take more
/// memory than the network itself.
inline std::size_t test_batch(const Backend& backend) {
    // A device needs many to be busy; each takes some megabytes of this machine's memory.
    return std::max(static_cast<std::size_t>(backend.threads()), backend.networks_at_once() / 16);
}
/// Bytes that testing one network of a task takes, after FORCE and after gradient training.
std::uint64_t test_bytes(const Task& task, int units);
std::uint64_t solution_test_bytes(const Task& task, int units);

/// The verdict on the RMS errors of all runs; `sums` are their sums of squared errors.
Acceptance judge(const std::vector<double>& rms, const std::vector<double>& sums);

}  // namespace shoal
