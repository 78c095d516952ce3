// SPDX-License-Identifier: MIT
// Products of small matrices: a tile of sums stays in registers.
#if defined(SHOAL_BACKEND_CPU_GRADIENT_PRODUCT) == \
    defined(HWY_TARGET_TOGGLE)  // included again for every instruction set
#ifdef SHOAL_BACKEND_CPU_GRADIENT_PRODUCT
#undef SHOAL_BACKEND_CPU_GRADIENT_PRODUCT
#else
#define SHOAL_BACKEND_CPU_GRADIENT_PRODUCT
#endif

#include <type_traits>

#include "backend/cpu/simd_inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace shoal::cpu::HWY_NAMESPACE {

/// Left factor of a product: entry (i, k) is data[i * row + k * next], k < count.
template <typename T>
struct Left {
    const T* data = nullptr;
    std::ptrdiff_t row = 0;
    std::ptrdiff_t next = 1;
    int count = 0;
    Left from_row(int i) const { return {data + i * row, row, next, count}; }
};
/// Right factor: row k of a panel is data + k * next.
template <typename T>
struct Right {
    const T* data = nullptr;
    std::ptrdiff_t next = 0;
};
/// Where the result goes: a tile of rows from `i` on starts at data + i * tile_row (0: every tile
/// overwrites the one before) and has its rows `row` apart.
template <typename T>
struct Result {
    T* data = nullptr;
    std::ptrdiff_t row = 0;
    std::ptrdiff_t tile_row = 0;
};
enum class Start { from_zero, from_result };

/// Vectors of the widest panel, and rows of a tile of so many vectors.
constexpr int panel_vectors = HWY_TARGET <= HWY_AVX3 ? 4 : 2;
constexpr int most_tile_rows = 8;
constexpr int tile_rows(int width) {
    return HWY_MIN(most_tile_rows, accumulator_registers / width);
}

/// sum += left * right; returns where right goes on.
template <int R, int W, typename T, class V>
HWY_INLINE const T* add_product(const Left<T>& left, const T* HWY_RESTRICT right,
                                std::ptrdiff_t right_next, V (&sum)[R][W]) {
    const Tag<T> d;
    constexpr auto lanes = static_cast<std::ptrdiff_t>(hn::MaxLanes(Tag<T>()));
    const T* HWY_RESTRICT row[R];
    SHOAL_UNROLL
    for (int i = 0; i < R; ++i) {
        row[i] = left.data + i * left.row;
    }
    const std::ptrdiff_t next = left.next;
    const std::ptrdiff_t end = next * left.count;
    for (std::ptrdiff_t at = 0; at != end; at += next, right += right_next) {
        V column[W];
        SHOAL_UNROLL
        for (int w = 0; w < W; ++w) {
            column[w] = hn::LoadU(d, right + w * lanes);
        }
        SHOAL_UNROLL
        for (int i = 0; i < R; ++i) {
            const V factor = hn::Set(d, row[i][at]);
            SHOAL_UNROLL
            for (int w = 0; w < W; ++w) {
                sum[i][w] = hn::MulAdd(factor, column[w], sum[i][w]);
            }
        }
    }
    return right;
}

/// R rows of: result = (0 or result) + first * right + second * (the rows of right that follow).
template <int R, int W, Start S, typename T>
HWY_NOINLINE void multiply_tile(const Left<T>& first, const Left<T>& second, const Right<T>& right,
                                const Result<T>& result) {
    const Tag<T> d;
    using V = hn::Vec<Tag<T>>;
    constexpr auto lanes = static_cast<std::ptrdiff_t>(hn::MaxLanes(Tag<T>()));
    V sum[R][W];
    SHOAL_UNROLL
    for (int i = 0; i < R; ++i) {
        SHOAL_UNROLL
        for (int w = 0; w < W; ++w) {
            if constexpr (S == Start::from_zero) {
                sum[i][w] = hn::Zero(d);
            } else {
                sum[i][w] = hn::LoadU(d, result.data + i * result.row + w * lanes);
            }
        }
    }
    const T* next = add_product<R, W>(first, right.data, right.next, sum);
    add_product<R, W>(second, next, right.next, sum);
    SHOAL_UNROLL
    for (int i = 0; i < R; ++i) {
        SHOAL_UNROLL
        for (int w = 0; w < W; ++w) {
            hn::StoreU(sum[i][w], d, result.data + i * result.row + w * lanes);
        }
    }
}

template <int R, int W, Start S, typename T>
HWY_INLINE void multiply_rows_of(int rows, const Left<T>& first, const Left<T>& second,
                                 const Right<T>& right, const Result<T>& result) {
    if (rows == R) {
        multiply_tile<R, W, S>(first, second, right, result);
    } else if constexpr (R > 1) {
        multiply_rows_of<R - 1, W, S>(rows, first, second, right, result);
    }
}

/// `rows` rows of one panel of W vectors, in tiles as even as possible; after_tile(W, first,
/// end) is called when rows [first, end) of the result are there.
template <int W, Start S, typename T, class AfterTile>
HWY_INLINE void multiply_panel_of(int rows, const Left<T>& first, const Left<T>& second,
                                  const Right<T>& right, const Result<T>& result,
                                  const AfterTile& after_tile) {
    constexpr std::integral_constant<int, W> width;
    const int tiles = (rows + tile_rows(W) - 1) / tile_rows(W);
    for (int t = 0, row = 0; t < tiles; ++t) {
        const int count = (rows - row + tiles - t - 1) / (tiles - t);
        multiply_rows_of<tile_rows(W), W, S>(count, first.from_row(row), second.from_row(row),
                                             right,
                                             {result.data + row * result.tile_row, result.row});
        after_tile(width, row, row + count);
        row += count;
    }
}

/// The same for a panel of `width` vectors.
template <Start S, typename T, class AfterTile>
HWY_INLINE void multiply_panel(int width, int rows, const Left<T>& first, const Left<T>& second,
                               const Right<T>& right, const Result<T>& result,
                               const AfterTile& after_tile) {
    switch (width) {
        case 1:
            multiply_panel_of<1, S>(rows, first, second, right, result, after_tile);
            break;
        case 2:
            multiply_panel_of<2, S>(rows, first, second, right, result, after_tile);
            break;
        case 3:
            multiply_panel_of<HWY_MIN(3, panel_vectors), S>(rows, first, second, right, result,
                                                            after_tile);
            break;
        default:
            multiply_panel_of<HWY_MIN(4, panel_vectors), S>(rows, first, second, right, result,
                                                            after_tile);
            break;
    }
}

/// For a tile's product that nobody waits for.
constexpr auto nothing = [](auto, int, int) {};

/// Calls visit(R, first) for rows [0, rows) in groups of R rows of W vectors, about as many vectors
/// as can be worked on side by side.
template <int W, class Visit>
HWY_INLINE void for_row_groups(int rows, const Visit& visit) {
    constexpr int together = HWY_MAX(1, panel_vectors / W);
    int i = 0;
    for (; i + together <= rows; i += together) {
        visit(std::integral_constant<int, together>(), i);
    }
    for (; i < rows; ++i) {
        visit(std::integral_constant<int, 1>(), i);
    }
}

}  // namespace shoal::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // SHOAL_BACKEND_CPU_GRADIENT_PRODUCT
