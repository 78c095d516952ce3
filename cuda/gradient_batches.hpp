// SPDX-License-Identifier: MIT
// The trials of one iteration in device memory, each distinct batch once.
#pragma once

#include <map>
#include <span>

#include "backend/gradient.hpp"
#include "support/runtime.hpp"

namespace shoal::cuda {

class GradientBatches {
  public:
    struct OnDevice {
        const float* inputs = nullptr;
        const float* targets = nullptr;
        const std::uint8_t* mask = nullptr;
        const float* weights = nullptr;  ///< null: all errors count 1
        double weight = 0;               ///< of all errors
    };

    /// Sends the batches of `work` and returns at once. What an earlier call sent is gone; its
    /// copies have ended.
    void send(std::span<const GradientSession::Work> work, Stream& stream);
    const OnDevice& operator[](const TrialBatch* batch) const { return known_.at(batch); }

  private:
    std::map<const TrialBatch*, OnDevice> known_;
    PinnedArray<float> h_values_;
    DeviceArray<float> values_;
    PinnedArray<std::uint8_t> h_mask_;
    DeviceArray<std::uint8_t> mask_;
};

}  // namespace shoal::cuda
