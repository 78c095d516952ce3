// SPDX-License-Identifier: MIT
// A network in gradient training, in device memory.
#pragma once

#include <string>
#include <vector>

#include "gradient_batches.hpp"
#include "kernels/gradient_arguments.hpp"
#include "launch/gradient_policy.hpp"

namespace shoal::cuda {

class GradientMember {
  public:
    GradientMember(const NetworkModel& model, const GradientRule& rule, const GradientState* resume,
                   Stream& stream);

    const std::string& uid() const { return uid_; }
    const std::vector<WeightRange>& ranges() const { return ranges_; }
    /// Sizes of an iteration on this batch.
    GradientShape shape(const TrialBatch& batch) const;
    /// What kernels need to know of one iteration, scratch not yet placed.
    GradientWork work(const GradientSession::Work& wanted, const GradientPolicy& policy,
                      const GradientBatches::OnDevice& batch) const;
    GradientState state(Stream& stream) const;

  private:
    std::string uid_;
    GradientRule rule_;
    WeightLayout layout_;
    std::vector<WeightRange> ranges_;
    DeviceArray<float> block_;  ///< weights, first moments, second moments
    DeviceArray<float> base_;   ///< gain J, with rank > 0
    GradientWork work_;
};

}  // namespace shoal::cuda
