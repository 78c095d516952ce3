// SPDX-License-Identifier: MIT
#include "gradient_batches.hpp"

#include <algorithm>

namespace shoal::cuda {

void GradientBatches::send(std::span<const GradientSession::Work> work, Stream& stream) {
    known_.clear();
    std::size_t values = 0;
    std::size_t masks = 0;
    for (const GradientSession::Work& one : work) {
        if (known_.emplace(one.batch, OnDevice{}).second) {
            values +=
                one.batch->inputs.size() + one.batch->targets.size() + one.batch->weights.size();
            masks += one.batch->mask.size();
        }
    }
    reserve(h_values_, values);
    reserve(values_, values);
    reserve(h_mask_, masks);
    reserve(mask_, masks);
    std::size_t value_at = 0;
    std::size_t mask_at = 0;
    const auto put = [&](const std::vector<double>& from) {
        const float* begin = values_.data() + value_at;
        std::transform(from.begin(), from.end(), h_values_.data() + value_at,
                       [](double value) { return static_cast<float>(value); });
        value_at += from.size();
        return begin;
    };
    for (auto& [batch, place] : known_) {
        place.inputs = put(batch->inputs);
        place.targets = put(batch->targets);
        place.mask = mask_.data() + mask_at;
        place.weights = batch->weights.empty() ? nullptr : put(batch->weights);
        place.weight = error_weight(*batch);
        std::copy(batch->mask.begin(), batch->mask.end(), h_mask_.data() + mask_at);
        mask_at += batch->mask.size();
    }
    values_.upload(h_values_.span().first(values), stream);
    mask_.upload(h_mask_.span().first(masks), stream);
}

}  // namespace shoal::cuda
