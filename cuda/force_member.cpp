// SPDX-License-Identifier: MIT
#include "force_member.hpp"

#include <algorithm>

#include "backend/readout_groups.hpp"
#include "core/error.hpp"

namespace shoal::cuda {
namespace {

/// Calls visit(at, i, j) for every stored entry of the lower triangle of P, row by row; `at` is its
/// place.
template <class Visit>
void for_each_entry(Route route, int units, Visit visit) {
    const int blocks = square_blocks(units);
    std::int64_t packed = 0;
    for (int i = 0; i < units; ++i) {
        for (int j = 0; j <= i; ++j, ++packed) {
            std::int64_t at = packed;
            if (route == Route::streamed) {
                at = square_offset(i / square_side, j / square_side, blocks) +
                     j % square_side * square_side + i % square_side;
            }
            visit(static_cast<std::size_t>(at), i, j);
        }
    }
}

/// Writes P given as packed rows in the route's own order; null: I / alpha.
template <typename T>
void store_square(PackedUpload<T>& upload, std::size_t begin, Route route, int units, double alpha,
                  const std::vector<double>* packed) {
    std::size_t next = 0;
    for_each_entry(route, units, [&](std::size_t at, int i, int j) {
        const double value = packed != nullptr ? packed->at(next++) : (i == j ? 1.0 / alpha : 0.0);
        upload[begin + at] = static_cast<T>(value);
        // Diagonal tiles of a streamed P are whole.
        if (route == Route::streamed && i / square_side == j / square_side) {
            const int shift = (i - j) * (square_side - 1);
            upload[begin + at + static_cast<std::size_t>(shift)] = static_cast<T>(value);
        }
    });
}

}  // namespace

StreamedScratch::StreamedScratch(int units, int outputs, int groups) {
    const auto number = [](int i) { return static_cast<std::size_t>(i); };
    const std::size_t blocks = number(square_blocks(units));
    const std::size_t padded = blocks * square_side;
    std::size_t at = 0;
    const auto place = [&at](std::size_t numbers) {
        const std::size_t here = at;
        at += (numbers + 3) / 4 * 4;
        return here;
    };
    rates = place(padded);
    product = place(padded);
    strips = place(blocks * padded);
    columns = place(padded);
    gains = place(number(groups) * max_pending_updates * padded);
    inverse = place(number(groups) * max_pending_updates);
    kept_state = place(padded);
    kept_readout = place(number(outputs) * number(units));
    kept_output = place(number(outputs));
    size = at;
}

std::int64_t group_size(Route route, int units) {
    const std::int64_t triangle = std::int64_t{units} * (units + 1) / 2;
    return route == Route::streamed ? square_size(units) : (triangle + 3) / 4 * 4;
}

template <typename T>
ForceMember<T>::ForceMember(const NetworkModel& model, const ForceRule& rule,
                            const ForceState* resume, const DeviceLimits& limits,
                            MatrixCache<T>& matrices, Stream& stream)
    : uid_(model.uid), groups_(rule.output_groups), inputs_(model.inputs) {
    constexpr Precision precision = sizeof(T) == 4 ? Precision::fp32 : Precision::fp64;
    check(groups_.size() == static_cast<std::size_t>(model.outputs),
          "ForceRule: one group per output");
    const int groups = group_count(rule);
    if (groups > 32) {
        throw usage_error(
            "--backend cuda: at most 32 readout groups (outputs with different masks) per network; "
            "use --backend cpu");
    }
    policy_ = force_policy({model.units, model.input.empty() ? 0 : model.inputs, model.outputs,
                            rule.groups_overlap, precision},
                           limits);
    matrix_ = matrices.get(model.recurrent, stream);

    PackedUpload<T> upload;
    const WeightPlaces weights = append_weights(upload, model);
    const double* x = resume != nullptr ? resume->state.data() : model.initial_state.data();
    const std::size_t state = upload.append(x, static_cast<std::size_t>(model.units));
    const std::size_t readout = upload.append(resume != nullptr ? resume->readout : model.readout);
    const std::size_t output = upload.append_zeros(static_cast<std::size_t>(model.outputs));
    const auto z = first_output<T>(model, x);
    for (std::size_t o = 0; o < z.size(); ++o) {
        upload[output + o] = resume != nullptr ? static_cast<T>(resume->output[o]) : z[o];
    }
    const auto size = static_cast<std::size_t>(group_size(policy_.route, model.units));
    const std::size_t squares = upload.append_zeros(size * static_cast<std::size_t>(groups));
    for (int g = 0; g < groups; ++g) {
        const auto i = static_cast<std::size_t>(g);
        store_square(upload, squares + i * size, policy_.route, model.units, rule.alpha,
                     resume != nullptr ? &resume->inverse_correlation.at(i) : nullptr);
    }
    block_ = upload.upload(stream);
    groups_on_device_ = DeviceArray<int>(std::span<const int>(groups_), stream);
    if (policy_.route == Route::streamed) {
        scratch_ = DeviceArray<T>(StreamedScratch(model.units, model.outputs, groups).size);
    }
    stream.synchronize();

    layout_ = {policy_.route, model.units, model.outputs, groups, state,
               readout,       output,      squares,       size};
    network_.weights = weights_of<T>(model, *matrix_, block_.data(), weights);
    network_.groups = groups;
    network_.group_of_output = groups_on_device_.data();
    network_.state = block_.data() + state;
    network_.readout = block_.data() + readout;
    network_.output = block_.data() + output;
    network_.inverse_correlation = block_.data() + squares;
    network_.group_size = static_cast<std::int64_t>(size);
}

template <typename T>
ForceState ForceMember<T>::state(ForceSession::Parts parts, Stream& stream) const {
    std::vector<T> block(parts == ForceSession::Parts::weights ? layout_.squares : block_.size());
    block_.download(block, stream);
    stream.synchronize();
    return read_state<T>(layout_, block, parts);
}

template <typename T>
ForceState read_state(const ForceLayout& layout, std::span<const T> block,
                      ForceSession::Parts parts) {
    const auto n = static_cast<std::size_t>(layout.units);
    const auto outputs = static_cast<std::size_t>(layout.outputs);
    const auto take = [&](std::size_t from, std::size_t count) {
        const auto part = block.subspan(from, count);
        return std::vector<double>(part.begin(), part.end());
    };
    ForceState state;
    state.state = take(layout.state, n);
    state.readout = take(layout.readout, outputs * n);
    state.output = take(layout.output, outputs);
    for (int g = 0; g < layout.groups && parts == ForceSession::Parts::everything; ++g) {
        const auto square = block.subspan(
            layout.squares + static_cast<std::size_t>(g) * layout.square_size, layout.square_size);
        auto& packed = state.inverse_correlation.emplace_back();
        packed.reserve(n * (n + 1) / 2);
        for_each_entry(layout.route, layout.units,
                       [&](std::size_t at, int, int) { packed.push_back(square[at]); });
    }
    return state;
}
template ForceState read_state<float>(const ForceLayout&, std::span<const float>,
                                      ForceSession::Parts);
template ForceState read_state<double>(const ForceLayout&, std::span<const double>,
                                       ForceSession::Parts);

template class ForceMember<float>;
template class ForceMember<double>;

}  // namespace shoal::cuda
