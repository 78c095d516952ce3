// SPDX-License-Identifier: MIT
#include "task/sequential_sum.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/file.hpp"
#include "task/latents.hpp"

namespace shoal {
namespace {

constexpr int inputs = 2;
constexpr int outputs = 3;

int steps_of(double duration, double dt, const char* key) {
    const double steps = std::round(duration / dt);
    if (steps < 1 || std::abs(steps * dt - duration) > 1e-9 * duration) {
        throw usage_error(fmt::format(
            "task.durations.{}: {} is not a positive whole number of steps of network.dt = {}", key,
            duration, dt));
    }
    if (steps > 1e7) {
        throw usage_error(
            fmt::format("task.durations.{}: {} is more than 10 million steps", key, duration));
    }
    return static_cast<int>(steps);
}

class SequentialSum final : public Task {
  public:
    SequentialSum(const TaskConfig& task, const NetworkConfig& network)
        : source_(task.source), codes_(task.codes), gaussian_std_(task.gaussians.std) {
        const auto& d = task.durations;
        const int lengths[] = {steps_of(d.stimulus1, network.dt, "stimulus1"),
                               steps_of(d.delay1, network.dt, "delay1"),
                               steps_of(d.stimulus2, network.dt, "stimulus2"),
                               steps_of(d.delay2, network.dt, "delay2"),
                               steps_of(d.response, network.dt, "response")};
        int begin = 0;
        for (std::size_t i = 0; i < epochs_.size(); ++i) {
            epochs_[i] = {begin, begin + lengths[i]};
            begin += lengths[i];
        }
        if (source_ == StimulusSource::gaussians) {
            for (std::size_t c = 0; c < 2; ++c) {
                classes_.mean[c] = {task.gaussians.means[c][0], task.gaussians.means[c][1]};
            }
        } else if (task.path.empty()) {
            classes_ = parse_digits(built_in_digits(), "built-in digits");
        } else {
            classes_ = parse_digits(read_text_file(task.path), task.path);
        }
        reject_symmetric_classes();
    }

    TaskShape shape() const override { return {inputs, outputs, epochs_.back().end}; }
    const std::vector<int>& types() const override { return types_; }
    std::vector<StepWindow> error_epochs() const override {
        return {epochs_[1], epochs_[3], epochs_[4]};
    }
    std::vector<int> output_groups() const override { return {0, 1, 1}; }

    std::vector<int> training_order(RandomKey key, int count) const override {
        const auto order =
            random_permutation(key, Purpose::trial_order, static_cast<std::uint32_t>(count));
        std::vector<int> trial_types(order.size());
        for (std::size_t i = 0; i < order.size(); ++i) {
            trial_types[i] = static_cast<int>(order[i] % types_.size());
        }
        return trial_types;
    }

    void training_trial(RandomKey key, int trial, int type, Trial& out) const override {
        test_trial(key, Purpose::training_stimulus, trial, type, out);
    }

    void test_trial(RandomKey key, Purpose purpose, int draw, int type, Trial& out) const override {
        const auto steps = static_cast<std::size_t>(epochs_.back().end);
        out.type = type;
        out.inputs.assign(steps * inputs, 0.0);
        out.targets.assign(steps * outputs, 0.0);
        out.mask.assign(steps * outputs, 0);
        const int digit1 = type / 2;
        const int digit2 = type % 2;
        show(key, purpose, draw, digit1, epochs_[0], out);
        remember(digit1, epochs_[1], out);
        show(key, purpose, draw, digit2, epochs_[2], out);
        remember(digit2, epochs_[3], out);
        for (int t = epochs_[4].begin; t < epochs_[4].end; ++t) {
            const std::size_t at = static_cast<std::size_t>(t) * outputs;
            out.targets[at] = codes_[static_cast<std::size_t>(digit1 + digit2)];
            out.mask[at] = 1;
        }
    }

  private:
    /// A fresh latent of the class at every step.
    void show(RandomKey key, Purpose purpose, int draw, int digit, StepWindow epoch,
              Trial& out) const {
        const auto c = static_cast<std::size_t>(digit);
        for (int t = epoch.begin; t < epoch.end; ++t) {
            const auto block = random_block(key, purpose, static_cast<std::uint32_t>(draw),
                                            static_cast<std::uint32_t>(t), 0);
            double* u = out.inputs.data() + static_cast<std::size_t>(t) * inputs;
            if (source_ == StimulusSource::gaussians) {
                u[0] = classes_.mean[c][0] + gaussian_std_ * standard_normal(block.word[0]);
                u[1] = classes_.mean[c][1] + gaussian_std_ * standard_normal(block.word[1]);
            } else {
                const auto& rows = classes_.rows[c];
                const Latent& row =
                    rows[uniform_index(block.word[0], static_cast<std::uint32_t>(rows.size()))];
                u[0] = row[0];
                u[1] = row[1];
            }
        }
    }

    void remember(int digit, StepWindow epoch, Trial& out) const {
        for (int t = epoch.begin; t < epoch.end; ++t) {
            const std::size_t at = static_cast<std::size_t>(t) * outputs;
            for (std::size_t i = 0; i < 2; ++i) {
                out.targets[at + 1 + i] = classes_.mean[static_cast<std::size_t>(digit)][i];
                out.mask[at + 1 + i] = 1;
            }
        }
    }

    /// With class means m and -m the network, odd and without a bias, could answer only if its
    /// never-reset state broke the symmetry by itself.
    void reject_symmetric_classes() const {
        const auto& m = classes_.mean;
        const double sum = std::hypot(m[0][0] + m[1][0], m[0][1] + m[1][1]);
        const double size = std::max(std::hypot(m[0][0], m[0][1]), std::hypot(m[1][0], m[1][1]));
        if (sum < 1e-6 * size || size == 0.0) {
            throw usage_error(
                "task: the two stimulus classes have opposite means (m and -m). The network is odd "
                "and has no bias, so it\ncould not give them answers of one sign; choose means "
                "that are not each other's mirror image");
        }
    }

    StimulusSource source_;
    std::vector<double> codes_;
    double gaussian_std_;
    LatentClasses classes_;
    std::array<StepWindow, 5> epochs_;       // stimulus 1, delay 1, stimulus 2, delay 2, response
    std::vector<int> types_ = {0, 1, 2, 3};  // 2 digit1 + digit2
};

}  // namespace

std::shared_ptr<const Task> make_sequential_sum(const TaskConfig& task,
                                                const NetworkConfig& network) {
    return std::make_shared<SequentialSum>(task, network);
}

}  // namespace shoal
