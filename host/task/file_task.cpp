// SPDX-License-Identifier: MIT
#include "task/file_task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/error.hpp"
#include "task/score.hpp"

namespace shoal {
namespace {

class FileTask final : public Task {
  public:
    explicit FileTask(TrialList list) : list_(std::move(list)) {
        for (std::size_t i = 0; i < list_.trials.size(); ++i) {
            by_type_[list_.trials[i].type].push_back(i);
        }
        for (const auto& [type, trials] : by_type_) {
            types_.push_back(type);
        }
    }

    TaskShape shape() const override { return list_.shape; }
    const std::vector<int>& types() const override { return types_; }

    std::vector<StepWindow> error_epochs() const override {
        const auto outputs = static_cast<std::size_t>(list_.shape.outputs);
        const auto& mask = list_.trials.front().mask;
        std::vector<StepWindow> epochs;
        bool inside = false;
        for (int t = 0; t < list_.shape.steps; ++t) {
            const auto* row = mask.data() + static_cast<std::size_t>(t) * outputs;
            // An epoch ends where the set of outputs with an error changes.
            const bool any = std::any_of(row, row + outputs, [](auto m) { return m != 0; });
            const bool same = t > 0 && std::equal(row, row + outputs, row - outputs);
            if (any && (!inside || !same)) {
                epochs.push_back({t, t + 1});
            } else if (any) {
                epochs.back().end = t + 1;
            }
            inside = any;
        }
        return epochs;
    }

    std::vector<int> training_order(RandomKey, int count) const override {
        std::vector<int> order(static_cast<std::size_t>(count));
        for (std::size_t i = 0; i < order.size(); ++i) {
            order[i] = list_.trials[i % list_.trials.size()].type;
        }
        return order;
    }

    void training_trial(RandomKey, int trial, int, Trial& out) const override {
        out = list_.trials[static_cast<std::size_t>(trial) % list_.trials.size()];
    }

    void test_trial(RandomKey, Purpose, int draw, int type, Trial& out) const override {
        const auto found = by_type_.find(type);
        check(found != by_type_.end(), "file task: unknown trial type");
        out = list_.trials[found->second[static_cast<std::size_t>(draw) % found->second.size()]];
    }

    std::vector<int> output_groups() const override {
        const auto outputs = static_cast<std::size_t>(list_.shape.outputs);
        std::vector<int> groups;
        std::unordered_map<std::string, int> group_of;
        for (std::size_t output = 0; output < outputs; ++output) {
            const int next = static_cast<int>(group_of.size());
            groups.push_back(group_of.try_emplace(masks_of(output), next).first->second);
        }
        return groups;
    }

    SuccessRule success() const override { return answer_within_tenth; }
    double score(const Trial& trial, std::span<const double> outputs) const override {
        return answered_within_tenth(*this, trial, outputs);
    }
    bool targets_are_classes() const override {
        return std::all_of(list_.trials.begin(), list_.trials.end(), [&](const Trial& trial) {
            const auto outputs = static_cast<std::size_t>(list_.shape.outputs);
            for (std::size_t at = 0; at < trial.mask.size(); at += outputs) {
                const auto masked =
                    std::count(trial.mask.begin() + static_cast<std::ptrdiff_t>(at),
                               trial.mask.begin() + static_cast<std::ptrdiff_t>(at + outputs), 1);
                const double* targets = trial.targets.data() + at;
                const auto hot = std::count(targets, targets + outputs, 1.0);
                const auto cold = std::count(targets, targets + outputs, 0.0);
                bool equal = true;
                for (std::size_t o = 1; o < outputs; ++o) {
                    equal = equal && trial.weight(at + o) == trial.weight(at);
                }
                if (masked != 0 &&
                    (!equal || hot != 1 || static_cast<std::size_t>(cold) != outputs - 1)) {
                    return false;
                }
            }
            return true;
        });
    }
    bool weighs_errors() const override {
        return std::any_of(list_.trials.begin(), list_.trials.end(),
                           [](const Trial& trial) { return !trial.weights.empty(); });
    }
    bool groups_overlap() const override {
        const auto groups = output_groups();
        const auto outputs = groups.size();
        return std::any_of(list_.trials.begin(), list_.trials.end(), [&](const Trial& trial) {
            for (std::size_t at = 0; at < trial.mask.size(); at += outputs) {
                int group = -1;
                for (std::size_t o = 0; o < outputs; ++o) {
                    if (trial.mask[at + o] != 0 && group >= 0 && groups[o] != group) {
                        return true;
                    }
                    group = trial.mask[at + o] != 0 ? groups[o] : group;
                }
            }
            return false;
        });
    }

  private:
    /// An output's masks in every trial, as a text to look up: a file may have any number of
    /// outputs with masks of their own.
    std::string masks_of(std::size_t output) const {
        const auto outputs = static_cast<std::size_t>(list_.shape.outputs);
        std::string masks;
        for (const Trial& trial : list_.trials) {
            for (std::size_t at = output; at < trial.mask.size(); at += outputs) {
                masks += static_cast<char>(trial.mask[at]);
            }
        }
        return masks;
    }

    TrialList list_;
    std::vector<int> types_;
    std::map<int, std::vector<std::size_t>> by_type_;
};

}  // namespace

std::shared_ptr<const Task> make_file_task(TrialList trials, const std::string& source) {
    if (trials.trials.empty()) {
        throw file_error(fmt::format("{}: holds no trial", source));
    }
    auto task = std::make_shared<FileTask>(std::move(trials));
    if (task->error_epochs().empty()) {
        throw file_error(fmt::format(
            "{}: the mask of the first trial is 0 everywhere; there is nothing to learn", source));
    }
    return task;
}

}  // namespace shoal
