// SPDX-License-Identifier: MIT
// How the networks of one training method advance. A wave drives them; a round is one trial under
// FORCE and one optimiser iteration under gradient training.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend/backend.hpp"
#include "records/records.hpp"
#include "train/acceptance.hpp"
#include "train/checkpoint.hpp"

namespace shoal {

/// Networks with equal ones see the same training trials.
struct TrialsId {
    std::uint32_t seed = 0;
    std::uint32_t replicate = 0;
    int trials = 0;
    const Task* task = nullptr;  ///< shared_task(): one object per task
    auto operator<=>(const TrialsId&) const = default;
};

/// A network in training.
struct Member {
    const NetworkSpec* spec = nullptr;
    std::shared_ptr<const Task> task;
    TrialsId trials_id;
    int handle = -1;
    int rounds_done = 0;
    bool ended_early = false;  ///< reached its target, or makes no more progress
    std::int64_t diverged_step = -1;
    std::shared_ptr<const std::vector<int>> order;  ///< types of its training trials
    std::vector<float> curve;

    bool ended() const;
};

/// Rounds that a network's training takes at most, and network-steps of one of them.
int rounds_of(const TrainingConfig& training);
std::int64_t steps_of_round(const TrainingConfig& training, const TaskShape& shape);

/// Networks of a snapshot, to be written while others train on; [member] of the snapshot.
using SavedState = std::function<std::variant<ForceState, GradientState>(std::size_t)>;

class Method {
  public:
    virtual ~Method() = default;

    /// Takes a network in, starting fresh (saved == nullptr) or from a checkpoint; sets the
    /// member's handle and, when resumed, whether it has ended early.
    virtual void add(Member& member, const NetworkModel& model, const ActiveNetwork* saved) = 0;
    virtual void remove(const Member& member) = 0;

    /// One round of every member. Members that diverge do not count it.
    virtual void advance(std::vector<Member>& members) = 0;

    /// Weights, state and curve of a member that ended, into its record; model becomes the trained
    /// network.
    virtual void finish(const Member& member, TrainedNetwork& record,
                        NetworkModel& model) const = 0;
    virtual std::vector<TestOutcome> test(std::span<const Candidate> candidates) const = 0;

    /// States for a checkpoint. `copied`: they may be read on another thread while training goes
    /// on, else before it does.
    virtual SavedState save(const std::vector<Member>& members, bool& copied) const = 0;
};

/// A file error, unless what a checkpoint holds of a network fits it.
void require_fit(bool fits, const std::string& uid);

std::unique_ptr<Method> make_method(TrainingMethod method, Backend& backend);
std::unique_ptr<Method> make_force_method(Backend& backend);
std::unique_ptr<Method> make_gradient_method(Backend& backend);

}  // namespace shoal
