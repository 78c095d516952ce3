// SPDX-License-Identifier: MIT
#include "analysis/linear/lu.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "core/error.hpp"

// Highway compiles this file once per instruction set and picks one when the program runs.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analysis/linear/lu.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef SHOAL_LU_TYPES
#define SHOAL_LU_TYPES
namespace shoal {
/// Columns of a matrix: entry (row, column) is values[column stride + row].
struct LuColumns {
    double* values;
    std::size_t stride;
    double* at(std::size_t row, std::size_t column) const { return values + column * stride + row; }
};
constexpr std::size_t lu_block = 16;
constexpr std::size_t lu_strip = 4;    // columns of a block factored together
constexpr std::size_t lu_padding = 8;  // rows behind a column that vectors may reach
}  // namespace shoal
#endif

HWY_BEFORE_NAMESPACE();
namespace shoal::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<double, lu_padding>;
using V = hn::Vec<D>;

// Three vectors of rows of one column of C.
struct Tile {
    V a, b, c;
    HWY_ATTR Tile(const double* from, std::size_t lanes)
        : a(hn::LoadU(D(), from)),
          b(hn::LoadU(D(), from + lanes)),
          c(hn::LoadU(D(), from + 2 * lanes)) {}
    HWY_ATTR void subtract(V l_a, V l_b, V l_c, double value) {
        const V v = hn::Set(D(), value);
        a = hn::NegMulAdd(l_a, v, a);
        b = hn::NegMulAdd(l_b, v, b);
        c = hn::NegMulAdd(l_c, v, c);
    }
    HWY_ATTR void store(double* to, std::size_t lanes) const {
        hn::StoreU(a, D(), to);
        hn::StoreU(b, D(), to + lanes);
        hn::StoreU(c, D(), to + 2 * lanes);
    }
};

HWY_ATTR void subtract_four_columns(LuColumns c, LuColumns l, LuColumns u, std::size_t rows,
                                    std::size_t depth) {
    const D d;
    const std::size_t lanes = hn::Lanes(d);
    std::size_t row = 0;
    for (; row + 3 * lanes <= rows; row += 3 * lanes) {
        Tile t0(c.at(row, 0), lanes);
        Tile t1(c.at(row, 1), lanes);
        Tile t2(c.at(row, 2), lanes);
        Tile t3(c.at(row, 3), lanes);
        for (std::size_t k = 0; k < depth; ++k) {
            const double* from = l.at(row, k);
            const V l_a = hn::LoadU(d, from);
            const V l_b = hn::LoadU(d, from + lanes);
            const V l_c = hn::LoadU(d, from + 2 * lanes);
            t0.subtract(l_a, l_b, l_c, *u.at(k, 0));
            t1.subtract(l_a, l_b, l_c, *u.at(k, 1));
            t2.subtract(l_a, l_b, l_c, *u.at(k, 2));
            t3.subtract(l_a, l_b, l_c, *u.at(k, 3));
        }
        t0.store(c.at(row, 0), lanes);
        t1.store(c.at(row, 1), lanes);
        t2.store(c.at(row, 2), lanes);
        t3.store(c.at(row, 3), lanes);
    }
    for (; row < rows; row += lanes) {
        V t0 = hn::LoadU(d, c.at(row, 0));
        V t1 = hn::LoadU(d, c.at(row, 1));
        V t2 = hn::LoadU(d, c.at(row, 2));
        V t3 = hn::LoadU(d, c.at(row, 3));
        for (std::size_t k = 0; k < depth; ++k) {
            const V from = hn::LoadU(d, l.at(row, k));
            t0 = hn::NegMulAdd(from, hn::Set(d, *u.at(k, 0)), t0);
            t1 = hn::NegMulAdd(from, hn::Set(d, *u.at(k, 1)), t1);
            t2 = hn::NegMulAdd(from, hn::Set(d, *u.at(k, 2)), t2);
            t3 = hn::NegMulAdd(from, hn::Set(d, *u.at(k, 3)), t3);
        }
        hn::StoreU(t0, d, c.at(row, 0));
        hn::StoreU(t1, d, c.at(row, 1));
        hn::StoreU(t2, d, c.at(row, 2));
        hn::StoreU(t3, d, c.at(row, 3));
    }
}

HWY_ATTR void subtract_multiple(double* to, const double* from, double factor, std::size_t rows) {
    const D d;
    const V f = hn::Set(d, factor);
    for (std::size_t row = 0; row < rows; row += hn::Lanes(d)) {
        hn::StoreU(hn::NegMulAdd(hn::LoadU(d, from + row), f, hn::LoadU(d, to + row)), d, to + row);
    }
}

// C -= L U. The last vectors may reach into the padding, where L is 0.
HWY_ATTR void subtract_product(LuColumns c, LuColumns l, LuColumns u, std::size_t rows,
                               std::size_t columns, std::size_t depth) {
    std::size_t column = 0;
    for (; column + 4 <= columns; column += 4) {
        subtract_four_columns({c.at(0, column), c.stride}, l, {u.at(0, column), u.stride}, rows,
                              depth);
    }
    for (; column < columns; ++column) {
        for (std::size_t k = 0; k < depth; ++k) {
            subtract_multiple(c.at(0, column), l.at(0, k), *u.at(k, column), rows);
        }
    }
}

// Columns of X by the inverse of the unit lower triangle in `strict` (zeros on and above its
// diagonal), `depth` rows, padded to a block.
HWY_ATTR void solve_lower(LuColumns strict, LuColumns x, std::size_t columns, std::size_t depth) {
    for (std::size_t column = 0; column < columns; ++column) {
        double* values = x.at(0, column);
        for (std::size_t k = 0; k + 1 < depth; ++k) {
            subtract_multiple(values, strict.at(0, k), values[k], lu_block);
        }
    }
}

// The row of the largest magnitude in [from, to). NaN never wins.
HWY_ATTR std::size_t largest_row(const double* values, std::size_t from, std::size_t to) {
    const D d;
    const std::size_t lanes = hn::Lanes(d);
    V most = hn::Zero(d);
    std::size_t row = from;
    for (; row + lanes <= to; row += lanes) {
        most = hn::Max(most, hn::Abs(hn::LoadU(d, values + row)));
    }
    double largest = hn::GetLane(hn::MaxOfLanes(d, most));
    for (; row < to; ++row) {
        largest = std::max(largest, std::abs(values[row]));
    }
    for (row = from; row < to; ++row) {
        if (std::abs(values[row]) == largest) {
            return row;
        }
    }
    return from;
}

HWY_ATTR void scale_rows(double* values, double factor, std::size_t rows) {
    const D d;
    const V f = hn::Set(d, factor);
    for (std::size_t row = 0; row < rows; row += hn::Lanes(d)) {
        hn::StoreU(hn::Mul(hn::LoadU(d, values + row), f), d, values + row);
    }
}

// Columns [first, end) below row `first`, strip by strip; pivots[k]: the row that column first + k
// swapped with, in these columns alone so far.
HWY_ATTR void factor_block(LuColumns all, std::size_t units, std::size_t first, std::size_t end,
                           std::size_t* pivots) {
    for (std::size_t strip = first; strip < end; strip += lu_strip) {
        const std::size_t strip_end = std::min(strip + lu_strip, end);
        for (std::size_t column = strip; column < strip_end; ++column) {
            double* values = all.at(0, column);
            const std::size_t pivot = largest_row(values, column, units);
            pivots[column - first] = pivot;
            if (pivot != column) {
                for (std::size_t other = first; other < end; ++other) {
                    std::swap(*all.at(pivot, other), *all.at(column, other));
                }
            }
            const std::size_t below = units - column - 1;
            scale_rows(values + column + 1, 1.0 / values[column], below);
            for (std::size_t other = column + 1; other < strip_end; ++other) {
                subtract_multiple(all.at(column + 1, other), values + column + 1,
                                  *all.at(column, other), below);
            }
        }
        for (std::size_t other = strip_end; other < end; ++other) {
            double* values = all.at(0, other);
            for (std::size_t k = strip; k < strip_end; ++k) {
                for (std::size_t row = k + 1; row < strip_end; ++row) {
                    values[row] -= *all.at(row, k) * values[k];
                }
            }
        }
        if (strip_end < end) {
            subtract_product({all.at(strip_end, strip_end), all.stride},
                             {all.at(strip_end, strip), all.stride},
                             {all.at(strip, strip_end), all.stride}, units - strip_end,
                             end - strip_end, strip_end - strip);
        }
    }
}

// x by the inverse of L U; x and the columns are padded with zeros.
HWY_ATTR void solve_vector(LuColumns factors, double* x, std::size_t units) {
    const D d;
    const std::size_t lanes = hn::Lanes(d);
    for (std::size_t k = 0; k + 1 < units; ++k) {
        subtract_multiple(x + k + 1, factors.at(k + 1, k), x[k], units - k - 1);
    }
    for (std::size_t k = units; k-- > 0;) {
        const double* column = factors.at(0, k);
        x[k] /= column[k];
        const std::size_t whole = k / lanes * lanes;
        subtract_multiple(x, column, x[k], whole);
        for (std::size_t row = whole; row < k; ++row) {
            x[row] -= column[row] * x[k];
        }
    }
}

}  // namespace shoal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shoal {

HWY_EXPORT(subtract_product);
HWY_EXPORT(solve_lower);
HWY_EXPORT(solve_vector);
HWY_EXPORT(factor_block);

namespace {

std::size_t padded(std::size_t rows) {
    return (rows + lu_block - 1) / lu_block * lu_block;
}

/// The block's triangle below the diagonal alone, in a block of zeros.
void copy_strict_lower(LuColumns block, std::size_t size, LuColumns to) {
    std::fill_n(to.values, lu_block * lu_block, 0.0);
    for (std::size_t column = 0; column < size; ++column) {
        std::copy(block.at(column + 1, column), block.at(size, column), to.at(column + 1, column));
    }
}

}  // namespace

LuFactors::LuFactors(const Eigen::MatrixXd& matrix)
    : units_(static_cast<std::size_t>(matrix.rows())),
      stride_(padded(units_) + lu_padding),
      rows_(units_) {
    check(matrix.rows() == matrix.cols(), "a square matrix");
    values_.assign(stride_ * units_, 0.0);
    for (std::size_t i = 0; i < units_; ++i) {
        rows_[i] = static_cast<Eigen::Index>(i);
        std::copy_n(matrix.col(static_cast<Eigen::Index>(i)).data(), units_, &values_[i * stride_]);
    }
    const LuColumns all{values_.data(), stride_};
    const std::size_t rows = padded(units_);
    std::vector<double> triangle(lu_block * lu_block);
    const LuColumns strict{triangle.data(), lu_block};
    for (std::size_t first = 0; first < units_; first += lu_block) {
        const std::size_t end = std::min(first + lu_block, units_);
        factor_panel(first, end);
        if (end == units_) {
            break;
        }
        copy_strict_lower({all.at(first, first), stride_}, lu_block, strict);
        const std::size_t columns = units_ - end;
        HWY_DYNAMIC_DISPATCH(solve_lower)
        (strict, {all.at(first, end), stride_}, columns, lu_block);
        HWY_DYNAMIC_DISPATCH(subtract_product)
        ({all.at(end, end), stride_}, {all.at(end, first), stride_}, {all.at(first, end), stride_},
         rows - end, columns, lu_block);
    }
}

void LuFactors::factor_panel(std::size_t first, std::size_t end) {
    const LuColumns all{values_.data(), stride_};
    std::size_t pivots[lu_block];
    HWY_DYNAMIC_DISPATCH(factor_block)(all, units_, first, end, pivots);
    for (std::size_t column = first; column < end; ++column) {
        const std::size_t pivot = pivots[column - first];
        swaps_ += pivot != column ? 1 : 0;
        std::swap(rows_[pivot], rows_[column]);
    }
    for (std::size_t other = 0; other < units_; ++other) {
        if (other >= first && other < end) {
            continue;
        }
        double* values = all.at(0, other);
        for (std::size_t column = first; column < end; ++column) {
            std::swap(values[column], values[pivots[column - first]]);
        }
    }
}

Eigen::VectorXd LuFactors::solve(const Eigen::VectorXd& right) const {
    const LuColumns all{const_cast<double*>(values_.data()), stride_};
    std::vector<double> x(stride_, 0.0);
    for (std::size_t i = 0; i < units_; ++i) {
        x[i] = right[rows_[i]];
    }
    HWY_DYNAMIC_DISPATCH(solve_vector)(all, x.data(), units_);
    return Eigen::Map<const Eigen::VectorXd>(x.data(), right.size());
}

Eigen::MatrixXd LuFactors::inverse() const {
    const LuColumns all{const_cast<double*>(values_.data()), stride_};
    const std::size_t rows = padded(units_);
    std::vector<double> values(stride_ * units_, 0.0);
    const LuColumns x{values.data(), stride_};
    for (std::size_t k = 0; k < units_; ++k) {
        *x.at(k, static_cast<std::size_t>(rows_[k])) = 1.0;
    }
    std::vector<double> triangle(lu_block * lu_block);
    const LuColumns strict{triangle.data(), lu_block};
    for (std::size_t first = 0; first < units_; first += lu_block) {
        const std::size_t size = std::min(lu_block, units_ - first);
        copy_strict_lower({all.at(first, first), stride_}, size, strict);
        HWY_DYNAMIC_DISPATCH(solve_lower)(strict, {x.at(first, 0), stride_}, units_, size);
        if (first + size < units_) {
            const std::size_t next = first + size;
            HWY_DYNAMIC_DISPATCH(subtract_product)
            ({x.at(next, 0), stride_}, {all.at(next, first), stride_}, {x.at(first, 0), stride_},
             rows - next, units_, size);
        }
    }
    for (std::size_t first = (units_ - 1) / lu_block * lu_block;; first -= lu_block) {
        const std::size_t size = std::min(lu_block, units_ - first);
        for (std::size_t column = 0; column < units_; ++column) {
            double* entries = x.at(first, column);
            for (std::size_t k = size; k-- > 0;) {
                entries[k] /= *all.at(first + k, first + k);
                for (std::size_t row = 0; row < k; ++row) {
                    entries[row] -= *all.at(first + row, first + k) * entries[k];
                }
            }
        }
        if (first == 0) {
            break;
        }
        HWY_DYNAMIC_DISPATCH(subtract_product)
        ({x.at(0, 0), stride_}, {all.at(0, first), stride_}, {x.at(first, 0), stride_}, first,
         units_, size);
    }
    const auto n = static_cast<Eigen::Index>(units_);
    return Eigen::Map<const Eigen::MatrixXd, 0, Eigen::OuterStride<>>(
        values.data(), n, n, Eigen::OuterStride<>(static_cast<Eigen::Index>(stride_)));
}

Eigen::MatrixXd LuFactors::packed() const {
    const auto n = static_cast<Eigen::Index>(units_);
    return Eigen::Map<const Eigen::MatrixXd, 0, Eigen::OuterStride<>>(
        values_.data(), n, n, Eigen::OuterStride<>(static_cast<Eigen::Index>(stride_)));
}

int LuFactors::sign() const {
    int sign = swaps_ % 2 == 0 ? 1 : -1;
    for (std::size_t k = 0; k < units_; ++k) {
        const double pivot = values_[k * stride_ + k];
        if (!std::isfinite(pivot) || pivot == 0.0) {
            return 0;
        }
        sign = pivot < 0.0 ? -sign : sign;
    }
    return sign;
}

}  // namespace shoal
#endif
