// SPDX-License-Identifier: MIT
// Networks in the layout of the fast CPU backend.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "backend/backend.hpp"
#include "backend/cpu/kernels.hpp"

namespace shoal::cpu {

/// Packs each recurrent matrix once, however many networks use it, and frees it with the last of
/// them.
template <typename T>
class MatrixCache {
  public:
    std::shared_ptr<const PackedMatrix<T>> get(
        const std::shared_ptr<const RecurrentMatrix>& matrix) {
        auto& entry = entries_[matrix.get()];
        auto packed = entry.packed.lock();
        if (!packed) {
            packed = std::make_shared<PackedMatrix<T>>(*matrix, kernels<T>().group_width);
            entry = {matrix, packed};
        }
        return packed;
    }
    /// Forgets matrices that no network uses any more.
    void drop_unused() {
        std::erase_if(entries_, [](const auto& entry) { return entry.second.packed.expired(); });
    }

  private:
    struct Entry {
        std::shared_ptr<const RecurrentMatrix> source;  ///< kept: its address is the key
        std::weak_ptr<const PackedMatrix<T>> packed;
    };
    std::map<const RecurrentMatrix*, Entry> entries_;
};

/// [unit, k] -> [k][padded]
template <typename T>
AlignedArray<T> pack_columns(const std::vector<double>& values, int units, int count) {
    if (values.empty()) {
        return {};
    }
    const auto stride = static_cast<std::size_t>(padded(units));
    const auto width = static_cast<std::size_t>(count);
    AlignedArray<T> packed(stride * width);
    for (std::size_t i = 0; i < static_cast<std::size_t>(units); ++i) {
        for (std::size_t k = 0; k < width; ++k) {
            packed[k * stride + i] = static_cast<T>(values[i * width + k]);
        }
    }
    return packed;
}

/// [k, unit] -> [k][padded]
template <typename T>
AlignedArray<T> pack_rows(const double* values, int units, int count) {
    const auto stride = static_cast<std::size_t>(padded(units));
    AlignedArray<T> packed(stride * static_cast<std::size_t>(count));
    for (std::size_t k = 0; k < static_cast<std::size_t>(count); ++k) {
        for (std::size_t i = 0; i < static_cast<std::size_t>(units); ++i) {
            packed[k * stride + i] =
                static_cast<T>(values[k * static_cast<std::size_t>(units) + i]);
        }
    }
    return packed;
}

/// [k][padded] -> [k, unit]
template <typename T>
std::vector<double> unpack_rows(const AlignedArray<T>& packed, int units) {
    const auto stride = static_cast<std::size_t>(padded(units));
    std::vector<double> values;
    for (std::size_t at = 0; at < packed.size(); at += stride) {
        values.insert(values.end(), packed.data() + at, packed.data() + at + units);
    }
    return values;
}

template <typename T>
Weights<T> pack_weights(const NetworkModel& model) {
    Weights<T> w;
    w.units = model.units;
    w.inputs = model.inputs;
    w.outputs = model.outputs;
    w.cell = model.cell;
    w.gain = static_cast<T>(model.gain);
    w.rate = static_cast<T>(model.dt / model.tau);
    w.input = pack_columns<T>(model.input, model.units, model.inputs);
    w.feedback = pack_columns<T>(model.feedback, model.units, model.outputs);
    w.bias = pack_columns<T>(model.bias, model.units, 1);
    w.readout = pack_rows<T>(model.readout.data(), model.units, model.outputs);
    return w;
}

/// A column of these weights with state x0 [unit] and the outputs that follow from it.
template <typename T>
Column<T> make_column(const Weights<T>& weights, const double* x0) {
    Column<T> column;
    column.weights = &weights;
    column.x = pack_rows<T>(x0, weights.units, 1);
    column.r = AlignedArray<T>(column.x.size());
    column.recurrent_input = AlignedArray<T>(column.x.size());
    column.z.resize(static_cast<std::size_t>(weights.outputs));
    column.u.resize(weights.input.size() == 0 ? 0 : static_cast<std::size_t>(weights.inputs));
    kernels<T>().settle(column);
    return column;
}

}  // namespace shoal::cpu
