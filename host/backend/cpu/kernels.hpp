// SPDX-License-Identifier: MIT
// The arithmetic of the fast CPU backend: a table of functions compiled for several instruction
// sets, chosen at run time. Every function works in a fixed order that does not depend on batch or
// threads.
#pragma once

#include <vector>

#include "backend/cpu/layout.hpp"
#include "config/spec.hpp"

namespace shoal::cpu {

/// Weights of a network, vectors padded: [output][padded], [input][padded].
template <typename T>
struct Weights {
    int units = 0;
    int inputs = 0;
    int outputs = 0;
    Cell cell{};
    T gain = 1;
    T rate = 1;  ///< dt / tau
    AlignedArray<T> input;
    AlignedArray<T> feedback;  ///< size 0: none
    AlignedArray<T> bias;      ///< size 0: none
    AlignedArray<T> readout;
};

/// One running state of one network. Vectors [padded].
template <typename T>
struct Column {
    const Weights<T>* weights = nullptr;
    AlignedArray<T> x;
    AlignedArray<T> r;
    AlignedArray<T> recurrent_input;  ///< J r, scratch of a step
    std::vector<T> z;                 ///< [output], fed back at the next step
    std::vector<T> u;                 ///< [input] of this step
    bool in_range = true;             ///< false once state or output left the range in a step
};

/// Updates of P kept aside since it was last rewritten (host/MATHEMATICS.md, A.5).
template <typename T>
struct PendingUpdates {
    PendingUpdates(int units, int capacity)
        : stride(static_cast<std::size_t>(padded(units))),
          gains(stride * static_cast<std::size_t>(capacity)),
          scaled(stride * static_cast<std::size_t>(capacity)),
          projections(static_cast<std::size_t>(capacity + strip)) {}
    T* gain(int m) { return gains.data() + static_cast<std::size_t>(m) * stride; }
    T* scaled_gain(int m) { return scaled.data() + static_cast<std::size_t>(m) * stride; }

    std::size_t stride;
    AlignedArray<T> gains;        ///< k of each update, [update][padded]
    AlignedArray<T> scaled;       ///< k / c
    AlignedArray<T> projections;  ///< scratch: k_m' r / c_m of each update
    int count = 0;
};

template <typename T>
struct Kernels {
    const char* instruction_set;
    /// Blocks per group of a PackedMatrix, and columns multiplied at once, that suit the registers.
    int group_width;
    int columns_at_once;

    /// One Euler step of `count` columns that share the matrix: x, r, z are replaced; in_range is
    /// cleared where a state or output is NaN or beyond the divergence limit.
    void (*step)(const PackedMatrix<T>& matrix, Column<T>* const* columns, int count);
    /// r from x and z = readout r: what a step leaves behind, for a state set from outside.
    void (*settle)(Column<T>& column);
    /// Appends the update for rates r: k = P r less the pending updates, c = 1 + r'k. Returns c.
    T (*append_update)(const PackedSymmetric<T>& p, const T* r, PendingUpdates<T>& pending);
    /// P -= sum of pending k k' / c; none are pending afterwards.
    void (*rewrite)(PackedSymmetric<T>& p, PendingUpdates<T>& pending);
    /// w -= factor * k over `size` (padded) values.
    void (*subtract)(T factor, const T* k, T* w, int size);
};

template <typename T>
const Kernels<T>& kernels();
template <>
const Kernels<float>& kernels<float>();
template <>
const Kernels<double>& kernels<double>();

/// Denormals count as zero in this thread while it lives: they would be slow, and their being there
/// or not must not depend on the caller.
class FlushDenormals {
  public:
    FlushDenormals();
    ~FlushDenormals();
    FlushDenormals(const FlushDenormals&) = delete;
    FlushDenormals& operator=(const FlushDenormals&) = delete;

  private:
    unsigned saved_;
};

}  // namespace shoal::cpu
