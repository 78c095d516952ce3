// SPDX-License-Identifier: MIT
#include "trial_store.hpp"

#include <algorithm>
#include <bit>

#include "backend/readout_groups.hpp"
#include "core/error.hpp"
#include "launch/launch.hpp"
#include "task/sequential_sum_recipe.hpp"

namespace shoal::cuda {
namespace {

/// One bit per group whose outputs have an error.
std::uint32_t error_bits(const std::uint8_t* mask, const std::vector<int>& groups) {
    std::uint32_t bits = 0;
    for (std::size_t o = 0; o < groups.size(); ++o) {
        bits |= mask[o] != 0 ? 1u << groups[o] : 0u;
    }
    return bits;
}

/// Of a recipe that draws() takes.
const SequentialSumTrials& trials_of(const TrialRecipe& recipe) {
    return dynamic_cast<const SequentialSumRecipe&>(recipe).trials;
}

}  // namespace

std::vector<GroupStep> plan_steps(std::span<const std::uint32_t> errors, int odd, int groups) {
    std::vector<GroupStep> steps(errors.size() * static_cast<std::size_t>(groups));
    for (int group = 0; group < groups; ++group) {
        std::int8_t pending = 0;
        for (std::size_t t = 0; t < errors.size(); ++t) {
            const bool error = (errors[t] >> group & 1u) != 0;
            const bool goes_on = t + 1 < errors.size() && (errors[t + 1] >> group & 1u) != 0;
            GroupStep& step =
                steps[t * static_cast<std::size_t>(groups) + static_cast<std::size_t>(group)];
            if (error && (t + static_cast<std::size_t>(odd)) % 2 == 0) {
                if (pending == max_pending_updates) {
                    step.full = pending;
                    pending = 0;
                }
                step.update = pending++;
            }
            if (!goes_on && pending > 0) {
                step.ends = pending;
                pending = 0;
            }
        }
    }
    return steps;
}

Schedule::Schedule(std::vector<std::uint32_t> errors, Stream& stream)
    : errors_(std::move(errors)), on_device_(std::span<const std::uint32_t>(errors_), stream) {
    groups_overlap_ = std::any_of(errors_.begin(), errors_.end(),
                                  [](std::uint32_t bits) { return std::popcount(bits) > 1; });
    stream.synchronize();
}

const Schedule::Plan& Schedule::plan(int odd, int groups, Stream& stream) {
    Plan& plan = plans_[{odd, groups}];
    if (plan.steps.empty()) {
        plan.steps = plan_steps(errors_, odd, groups);
        plan.on_device = DeviceArray<GroupStep>(std::span<const GroupStep>(plan.steps), stream);
        stream.synchronize();
    }
    return plan;
}

template <typename T>
bool TrialStore<T>::draws(const TrialRecipe& recipe) {
    return dynamic_cast<const SequentialSumRecipe*>(&recipe) != nullptr;
}

template <typename T>
Schedule* TrialStore<T>::find_or_make(std::vector<std::uint32_t> errors) {
    auto& schedule = schedules_[errors];
    if (!schedule) {
        schedule = std::make_unique<Schedule>(std::move(errors), stream_);
    }
    return schedule.get();
}

template <typename T>
Schedule* TrialStore<T>::schedule_of(const Wanted& wanted) {
    const ForceSession::Work& work = *wanted.work;
    std::vector<std::uint32_t> errors;
    if (work.trial != nullptr) {
        const auto outputs = static_cast<std::size_t>(wanted.outputs);
        for (std::size_t at = 0; at < work.trial->mask.size(); at += outputs) {
            errors.push_back(error_bits(work.trial->mask.data() + at, *wanted.groups));
        }
        return find_or_make(std::move(errors));
    }
    // Neighbours mostly have the same schedule.
    if (last_.recipe == work.drawn.recipe && last_.groups == *wanted.groups) {
        return last_.schedule;
    }
    const SequentialSumTrials& recipe = trials_of(*work.drawn.recipe);
    auto& known = drawn_schedules_[{{std::begin(recipe.epoch_end), std::end(recipe.epoch_end)},
                                    recipe.error_everywhere,
                                    *wanted.groups}];
    if (known == nullptr) {
        for (int t = 0; t < recipe.epoch_end[4]; ++t) {
            const auto step = trial_step(recipe, {}, Purpose::training_stimulus, 0, 0, t);
            errors.push_back(error_bits(step.mask, *wanted.groups));
        }
        known = find_or_make(std::move(errors));
    }
    last_ = {work.drawn.recipe, *wanted.groups, known};
    return known;
}

template <typename T>
SequentialSumTrials TrialStore<T>::on_device(const SequentialSumTrials& recipe) {
    SequentialSumTrials copy = recipe;
    for (int c = 0; c < 2 && !recipe.gaussians; ++c) {
        Rows& rows = rows_[recipe.rows[c]];
        if (!rows.compared) {
            const std::span<const double> now(recipe.rows[c], std::size_t{2} * recipe.row_count[c]);
            if (!std::equal(now.begin(), now.end(), rows.source.begin(), rows.source.end())) {
                rows.source.assign(now.begin(), now.end());
                rows.on_device = DeviceArray<double>(now, stream_);
            }
            rows.compared = true;
        }
        copy.rows[c] = rows.on_device.data();
    }
    return copy;
}

template <typename T>
std::vector<typename TrialStore<T>::View> TrialStore<T>::prepare(std::span<const Wanted> wanted) {
    // Every schedule of a trial file that ever occurred would be kept; drop them before they are
    // many.
    if (schedules_.size() > 256) {
        drawn_schedules_.clear();
        schedules_.clear();
    }
    last_ = {};
    for (auto& [place, rows] : rows_) {
        rows.compared = false;
    }
    // Networks that see the same trial with the same groups share an entry.
    using Key = std::tuple<const Trial*, const TrialRecipe*, std::uint32_t, std::uint32_t, int, int,
                           Schedule*>;
    std::map<Key, int> known;
    std::vector<Slot> slots;
    std::vector<View> views;
    std::size_t inputs = 0;
    std::size_t targets = 0;
    for (const Wanted& one : wanted) {
        check(one.work->trial != nullptr || one.work->drawn.recipe != nullptr,
              "run_trial: neither a trial nor a draw");
        Schedule* schedule = schedule_of(one);
        const TrialDraw& drawn = one.work->drawn;
        const Key key{one.work->trial, drawn.recipe, drawn.key.seed, drawn.key.replicate,
                      drawn.trial,     drawn.type,   schedule};
        const auto [found, fresh] = known.emplace(key, static_cast<int>(slots.size()));
        if (fresh) {
            const auto steps = schedule->errors().size();
            slots.push_back({&one, static_cast<int>(steps), schedule, inputs, targets});
            inputs += steps * static_cast<std::size_t>(one.inputs);
            targets += steps * static_cast<std::size_t>(one.outputs);
        }
        views.push_back({found->second, schedule});
    }
    reserve(inputs_, inputs);
    reserve(targets_, targets);
    draw_and_upload(slots);
    return views;
}

template <typename T>
void TrialStore<T>::draw_and_upload(const std::vector<Slot>& slots) {
    host_orders_.clear();
    host_table_.clear();
    host_inputs_.clear();
    for (const Slot& slot : slots) {
        const ForceSession::Work& work = *slot.wanted->work;
        TrialData<T> data;
        data.steps = slot.steps;
        data.inputs = inputs_.data() + slot.inputs_at;
        data.targets = targets_.data() + slot.targets_at;
        data.errors = slot.schedule->errors_on_device();
        host_table_.push_back(data);
        if (work.trial != nullptr) {
            const auto& series = work.trial->inputs;
            const std::size_t count = static_cast<std::size_t>(slot.steps) *
                                      static_cast<std::size_t>(slot.wanted->inputs);
            auto& narrow = host_inputs_.emplace_back(count);
            std::transform(series.begin(), series.begin() + static_cast<std::ptrdiff_t>(count),
                           narrow.begin(), [](double u) { return static_cast<T>(u); });
            inputs_.upload(narrow, stream_, slot.inputs_at);
            targets_.upload(work.trial->targets, stream_, slot.targets_at);
        } else {
            TrialOrder<T> order;
            order.recipe = on_device(trials_of(*work.drawn.recipe));
            order.key = work.drawn.key;
            order.trial = work.drawn.trial;
            order.type = work.drawn.type;
            order.steps = slot.steps;
            order.inputs = inputs_.data() + slot.inputs_at;
            order.targets = targets_.data() + slot.targets_at;
            host_orders_.push_back(order);
        }
    }
    reserve(table_, host_table_.size());
    table_.upload(host_table_, stream_);
    reserve(orders_, host_orders_.size());
    orders_.upload(host_orders_, stream_);
    launch(operation::DrawTrials<T>{orders_.data()},
           {static_cast<int>(host_orders_.size()), operation::DrawTrials<T>::threads_at_most, 0},
           stream_);
}

template class TrialStore<float>;
template class TrialStore<double>;

}  // namespace shoal::cuda
