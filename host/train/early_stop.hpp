// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#include "config/spec.hpp"

namespace shoal {

/// Whether gradient training should end before its last iteration: the mean loss of the last
/// `window` iterations is below the target, or has not fallen by a thousandth of the best mean for
/// `patience` iterations. A pure function of the losses, so that a resumed network decides alike.
class EarlyStopping {
  public:
    static constexpr int window = 10;
    static constexpr double progress = 1e-3;

    /// Takes the loss of the next iteration; true: end now.
    bool observe(const TrainingConfig& training, float loss) {
        losses_.push_back(loss);
        const int count = static_cast<int>(losses_.size());
        if (count < window) {
            return false;
        }
        double mean = 0.0;
        for (auto i = losses_.size() - window; i < losses_.size(); ++i) {
            mean += static_cast<double>(losses_[i]) / window;
        }
        if (best_at_ == 0 || mean < best_ * (1.0 - progress)) {
            best_ = mean;
            best_at_ = count;
        }
        return mean < training.target_loss ||
               (training.patience > 0 && count - best_at_ >= training.patience);
    }

  private:
    std::vector<float> losses_;
    double best_ = 0.0;
    int best_at_ = 0;
};

}  // namespace shoal
