// SPDX-License-Identifier: MIT
// How a network in gradient training lies in memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "backend/cpu/layout.hpp"
#include "backend/gradient.hpp"

namespace shoal::cpu {

/// What the kernels' instruction set asks of a plan.
struct VectorShape {
    int lanes = 1;          ///< numbers in a vector
    int panel_vectors = 1;  ///< widest panel
};

/// Units stand in lanes, padded with zeros to whole vectors and cut into panels of a few vectors. A
/// matrix with `rows` rows lies panel by panel, [row][column of the panel], so that a product reads
/// it once, in order: panel p starts at panels[p].first * rows.
///
/// Weights, their gradient and their moments are one row of numbers each: the forward matrix (row:
/// the unit, input or constant 1 that a weight comes from; column: the unit it goes to), then parts
/// of whole vectors: readout [output][padded], initial state [padded], U and V [rank][padded].
struct GradientPlan {
    GradientPlan(const GradientShape& s, const VectorShape& vectors, std::size_t number_bytes)
        : shape(s),
          lanes(vectors.lanes),
          padded((s.units + lanes - 1) / lanes * lanes),
          forward_rows(s.units + s.inputs + 1),
          backward_rows(s.units + s.outputs) {
        const int all = padded / lanes;
        const int count = (all + vectors.panel_vectors - 1) / vectors.panel_vectors;
        for (int p = 0, first = 0; p < count; ++p) {
            const int width = (all - first + count - p - 1) / (count - p);
            panels.push_back({first * lanes, width});
            first += width;
        }
        const int line = static_cast<int>(64 / number_bytes);
        // An odd number of cache lines: rows of one column spread over all sets of the cache.
        stride = ((padded + line - 1) / line | 1) * line;
        const std::size_t row = size_of(padded);
        readout = size_of(forward_rows) * row;
        initial_state = readout + size_of(s.outputs) * row;
        factor_u = initial_state + row;
        factor_v = factor_u + size_of(s.rank) * row;
        size = factor_v + size_of(s.rank) * row;

        // The history of a block of trials is read again in the backward pass: it should stay in
        // the second-level cache.
        constexpr std::size_t history_bytes = std::size_t{1200} << 10;
        constexpr int fewest = 12;  // two tiles of rows
        const std::size_t trial_bytes = 2 * size_of(s.steps) * size_of(stride) * number_bytes;
        const int fitting = std::max(
            fewest, static_cast<int>(history_bytes / std::max(trial_bytes, std::size_t{1})));
        blocks = (s.batch + fitting - 1) / fitting;
        block_trials = (s.batch + blocks - 1) / blocks;
        constexpr int weight_rows = 96;  // of rates and deltas stay in the first-level cache
        weight_steps = std::max(1, weight_rows / block_trials);
    }

    struct Panel {
        int first;  ///< column
        int width;  ///< vectors
    };
    static std::size_t size_of(int n) { return static_cast<std::size_t>(n); }
    /// Trials of block b, which are [first_trial(b), first_trial(b + 1)).
    int first_trial(int b) const { return std::min(b * block_trials, shape.batch); }
    std::size_t backward_size() const { return size_of(backward_rows) * size_of(padded); }

    GradientShape shape;
    int lanes;
    int padded;         ///< units rounded up to whole vectors
    int stride;         ///< of rows of rates and deltas
    int forward_rows;   ///< units, inputs, 1
    int backward_rows;  ///< units, outputs
    std::vector<Panel> panels;
    std::size_t readout, initial_state, factor_u, factor_v, size;
    int blocks;
    int block_trials;
    int weight_steps;  ///< steps whose part of the weights' gradient is added at once
};

}  // namespace shoal::cpu
