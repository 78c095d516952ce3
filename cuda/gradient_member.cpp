// SPDX-License-Identifier: MIT
#include "gradient_member.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "support/group.hpp"

namespace shoal::cuda {
namespace {

std::int64_t number(std::size_t i) {
    return static_cast<std::int64_t>(i);
}

}  // namespace

GradientMember::GradientMember(const NetworkModel& model, const GradientRule& rule,
                               const GradientState* resume, Stream& stream)
    : uid_(model.uid), rule_(rule), layout_(rule.shape), ranges_(trained_ranges(rule)) {
    const bool adam = rule.training.optimizer == Optimizer::adam;
    const std::vector<double> initial = initial_weights(model, rule);
    std::vector<float> block(layout_.size * (adam ? 3 : 2), 0.0f);
    const auto put = [&block](const std::vector<double>& values, std::size_t at) {
        std::transform(values.begin(), values.end(),
                       block.begin() + static_cast<std::ptrdiff_t>(at),
                       [](double value) { return static_cast<float>(value); });
    };
    put(initial, 0);
    if (resume != nullptr) {
        check(resume->weights.size() == layout_.size &&
                  resume->first_moment.size() == layout_.size &&
                  resume->second_moment.size() == (adam ? layout_.size : 0),
              "gradient state does not fit its network");
        put(resume->weights, 0);
        put(resume->first_moment, layout_.size);
        put(resume->second_moment, 2 * layout_.size);
    }
    block_ = DeviceArray<float>(std::span<const float>(block), stream);
    std::vector<float> base(
        initial.begin(),
        initial.begin() + static_cast<std::ptrdiff_t>(rule.shape.rank > 0 ? layout_.input : 0));
    base_ = DeviceArray<float>(std::span<const float>(base), stream);
    stream.synchronize();

    work_.units = rule.shape.units;
    work_.inputs = rule.shape.inputs;
    work_.outputs = rule.shape.outputs;
    work_.rank = rule.shape.rank;
    work_.at = {number(layout_.input),         number(layout_.bias),     number(layout_.readout),
                number(layout_.initial_state), number(layout_.factor_u), number(layout_.factor_v),
                number(layout_.size)};
    work_.cell = model.cell;
    work_.loss = rule.training.loss;
    work_.leak = static_cast<float>(model.dt / model.tau);
    work_.noise = static_cast<float>(std::sqrt(model.dt / model.tau) * rule.training.noise);
    work_.rate_penalty = rule.training.rate_penalty;
    work_.l2 = rule.training.l2;
    work_.clip = rule.training.clip;
    work_.key = rule.key;
    work_.adam = adam ? 1 : 0;
    check(ranges_.size() <= std::size(work_.ranges), "more trained ranges than expected");
    for (const WeightRange range : ranges_) {
        work_.ranges[work_.range_count++] = {number(range.begin), number(range.end)};
    }
    work_.weights = block_.data();
    work_.first_moment = block_.data() + layout_.size;
    work_.second_moment = adam ? block_.data() + 2 * layout_.size : nullptr;
    work_.base = base_.data();
}

GradientShape GradientMember::shape(const TrialBatch& batch) const {
    GradientShape shape = rule_.shape;
    check(batch.shape.inputs == shape.inputs && batch.shape.outputs == shape.outputs,
          "run_iteration: the batch does not fit the network");
    shape.steps = batch.shape.steps;
    shape.batch = batch.trials;
    return shape;
}

GradientWork GradientMember::work(const GradientSession::Work& wanted, const GradientPolicy& policy,
                                  const GradientBatches::OnDevice& batch) const {
    GradientWork work = work_;
    work.steps = wanted.batch->shape.steps;
    work.trials = wanted.batch->trials;
    work.first_trial = static_cast<std::uint32_t>(wanted.batch->first_trial);
    work.tiles = policy.tiles;
    work.tile_trials = policy.tile_trials;
    work.matrix_rows = policy.matrix_rows;
    work.matrix_columns = policy.matrix_columns;
    work.parts = policy.fused ? policy.tiles : 1;
    work.warps = policy.threads / warp_size;
    work.terms = error_terms(batch.weight, work.loss, work.outputs);
    work.rate_slope = static_cast<float>(
        2.0 * work.rate_penalty / (static_cast<double>(work.steps) * work.trials * work.units));
    work.update = update_step<float>(rule_.training, wanted.iteration);
    work.trial_inputs = batch.inputs;
    work.targets = batch.targets;
    work.mask = batch.mask;
    work.error_weights = batch.weights;
    return work;
}

GradientState GradientMember::state(Stream& stream) const {
    std::vector<float> block(block_.size());
    block_.download(block, stream);
    stream.synchronize();
    const auto part = [&](std::size_t i) {
        const auto begin = block.begin() + static_cast<std::ptrdiff_t>(i * layout_.size);
        return std::vector<double>(begin, begin + static_cast<std::ptrdiff_t>(layout_.size));
    };
    return {part(0), part(1), work_.adam != 0 ? part(2) : std::vector<double>()};
}

}  // namespace shoal::cuda
