// SPDX-License-Identifier: MIT
// J r for every condition that shares J, at sizes whose J stays in device memory: a matrix product
// with one column a condition. J is read once for 16 columns, whoever they belong to.
#pragma once

#include "kernels/arguments.hpp"
#include "model/equations.hpp"
#include "support/group.hpp"

namespace shoal::cuda {

/// One block's part of the products: 64 rows of one matrix and up to 16 columns.
template <typename T>
struct ProductTile {
    static constexpr int rows = 64;
    static constexpr int columns = 16;
    static constexpr int depth = 32;  ///< columns of J in shared memory at a time
    static constexpr int threads = 64;
    static constexpr int shared_bytes = depth * (rows + columns) * static_cast<int>(sizeof(T));

    const T* matrix = nullptr;  ///< [from, to]
    int units = 0;
    int first_row = 0;
    int first_column = 0;  ///< in the list of columns
    int column_count = 0;
};

template <typename T>
struct ProductColumn {
    const T* rates = nullptr;  ///< r, [unit]
    T* product = nullptr;      ///< written: J r, [unit]
};

/// Blocks: one a tile. Every entry is one sum over `from` in order, so that it does not depend on
/// which columns stand beside it. A thread computes 4 rows by 4 columns.
template <typename T, class Group>
SHOAL_DEVICE void multiply(const Group& g, const ProductTile<T>* tiles,
                           const ProductColumn<T>* columns) {
    using Tile = ProductTile<T>;
    const Tile tile = tiles[g.block()];
    const auto matrix = g.global(tile.matrix, tile.units * tile.units);
    const auto rows = g.template shared<T>(0, Tile::depth * Tile::rows);
    const auto rates = g.template shared<T>(Tile::depth * Tile::rows * static_cast<int>(sizeof(T)),
                                            Tile::depth * Tile::columns);
    const int row = g.rank() % (Tile::rows / 4) * 4;
    const int column = g.rank() / (Tile::rows / 4) * 4;
    T sum[4][4] = {};
    for (int first = 0; first < tile.units; first += Tile::depth) {
        // Thread i brings row i of the tile, and columns i / depth, + 2, + 4, ... of the rates.
        SHOAL_UNROLL_BY(8) for (int k = 0; k < Tile::depth; ++k) {
            const int to = tile.first_row + g.rank();
            const int from = first + k;
            rows[k * Tile::rows + g.rank()] =
                to < tile.units && from < tile.units ? matrix[from * tile.units + to] : T{0};
        }
        SHOAL_UNROLL_BY(8)
        for (int c = g.rank() / Tile::depth; c < Tile::columns; c += Tile::threads / Tile::depth) {
            const int k = g.rank() % Tile::depth;
            const int from = first + k;
            T r = 0;
            if (c < tile.column_count && from < tile.units) {
                r = g.global(columns[tile.first_column + c].rates, tile.units)[from];
            }
            rates[k * Tile::columns + c] = r;
        }
        g.sync();
        const int depth = tile.units - first < Tile::depth ? tile.units - first : Tile::depth;
        SHOAL_UNROLL_BY(4) for (int k = 0; k < depth; ++k) {
            T j[4];
            T r[4];
            SHOAL_UNROLL for (int i = 0; i < 4; ++i) {
                j[i] = rows[k * Tile::rows + row + i];
                r[i] = rates[k * Tile::columns + column + i];
            }
            SHOAL_UNROLL for (int c = 0; c < 4; ++c) {
                SHOAL_UNROLL for (int i = 0; i < 4; ++i) {
                    sum[c][i] = fused(j[i], r[c], sum[c][i]);
                }
            }
        }
        g.sync();
    }
    SHOAL_UNROLL for (int c = 0; c < 4; ++c) {
        if (column + c < tile.column_count) {
            const auto product =
                g.global(columns[tile.first_column + column + c].product, tile.units);
            SHOAL_UNROLL for (int i = 0; i < 4; ++i) {
                if (tile.first_row + row + i < tile.units) {
                    product[tile.first_row + row + i] = sum[c][i];
                }
            }
        }
    }
}

}  // namespace shoal::cuda
