// SPDX-License-Identifier: MIT
// The trials of one run_trial() call in device memory: drawn there, or written out on the host and
// uploaded.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <tuple>
#include <vector>

#include "backend/backend.hpp"
#include "kernels/arguments.hpp"
#include "kernels/draw_trials.hpp"
#include "support/runtime.hpp"

namespace shoal::cuda {

/// When which readout groups have an error, and what that means for streamed networks step by step.
class Schedule {
  public:
    /// errors[t]: bit g: the outputs of group g have an error at step t.
    Schedule(std::vector<std::uint32_t> errors, Stream& stream);

    const std::vector<std::uint32_t>& errors() const { return errors_; }
    const std::uint32_t* errors_on_device() const { return on_device_.data(); }
    bool groups_overlap() const { return groups_overlap_; }

    struct Plan {
        std::vector<GroupStep> steps;  ///< [time, group]
        DeviceArray<GroupStep> on_device;
    };
    /// `odd`: 1 if the first global step is odd.
    const Plan& plan(int odd, int groups, Stream& stream);

  private:
    std::vector<std::uint32_t> errors_;
    DeviceArray<std::uint32_t> on_device_;
    bool groups_overlap_ = false;
    std::map<std::pair<int, int>, Plan> plans_;  // by odd and groups
};

/// The plan of one trial: updates at even global steps with an error; P rewritten when an epoch
/// ends or max_pending_updates are pending.
std::vector<GroupStep> plan_steps(std::span<const std::uint32_t> errors, int odd, int groups);

template <typename T>
class TrialStore {
  public:
    explicit TrialStore(Stream& stream) : stream_(stream) {}

    /// What one network sees in this call.
    struct View {
        int index = 0;  ///< in table()
        Schedule* schedule = nullptr;
    };
    /// Prepares the trials of `work`, whose networks have these shapes. Views stay valid until the
    /// next call; the work in the stream is in order.
    struct Wanted {
        const ForceSession::Work* work = nullptr;
        int inputs = 0;
        int outputs = 0;
        const std::vector<int>* groups = nullptr;  ///< group of each output
    };
    std::vector<View> prepare(std::span<const Wanted> wanted);

    /// Whether there is a kernel that draws by this recipe.
    static bool draws(const TrialRecipe& recipe);

    const TrialData<T>* table() const { return table_.data(); }
    const TrialData<T>& entry(int index) const {
        return host_table_[static_cast<std::size_t>(index)];
    }

  private:
    struct Slot {
        const Wanted* wanted;
        int steps;
        Schedule* schedule;
        std::size_t inputs_at;
        std::size_t targets_at;
    };
    Schedule* schedule_of(const Wanted& wanted);
    Schedule* find_or_make(std::vector<std::uint32_t> errors);
    SequentialSumTrials on_device(const SequentialSumTrials& recipe);
    void draw_and_upload(const std::vector<Slot>& slots);

    Stream& stream_;
    std::map<std::vector<std::uint32_t>, std::unique_ptr<Schedule>> schedules_;
    using DrawnKey = std::tuple<std::vector<int>, bool, std::vector<int>>;
    std::map<DrawnKey, Schedule*> drawn_schedules_;
    struct Last {
        const TrialRecipe* recipe = nullptr;
        std::vector<int> groups;
        Schedule* schedule = nullptr;
    };
    Last last_;  // of this call
    struct Rows {
        std::vector<double> source;
        DeviceArray<double> on_device;
        bool compared = false;  ///< in this call: other rows may have come to stand there since
    };
    std::map<const double*, Rows> rows_;  // stimulus rows, by where the host has them
    DeviceArray<T> inputs_;
    DeviceArray<double> targets_;
    DeviceArray<TrialOrder<T>> orders_;
    DeviceArray<TrialData<T>> table_;
    std::vector<TrialOrder<T>> host_orders_;
    std::vector<TrialData<T>> host_table_;
    std::vector<std::vector<T>> host_inputs_;  // alive until the stream has copied them
};

}  // namespace shoal::cuda
