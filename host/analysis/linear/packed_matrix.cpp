// SPDX-License-Identifier: MIT
#include "analysis/linear/packed_matrix.hpp"

#include <algorithm>

#include "core/error.hpp"

// Highway compiles this file once per instruction set and picks one when the program runs.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analysis/linear/packed_matrix.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace shoal::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<double>;
using V = hn::Vec<D>;

// Three vectors of rows of one column of `got`.
struct Strip {
    V a, b, c;
    HWY_ATTR void add(V w_a, V w_b, V w_c, double value) {
        const V v = hn::Set(D(), value);
        a = hn::MulAdd(w_a, v, a);
        b = hn::MulAdd(w_b, v, b);
        c = hn::MulAdd(w_c, v, c);
    }
    HWY_ATTR void store(std::size_t lanes, double* out) const {
        hn::StoreU(a, D(), out);
        hn::StoreU(b, D(), out + lanes);
        hn::StoreU(c, D(), out + 2 * lanes);
    }
};

// got = matrix sent. A tile of 3 vectors of rows x 4 columns stays in registers over all `from`; it
// is written out by name because the compiler does not unroll loops over it at this level.
HWY_ATTR void multiply(const PackedMatrix::View& matrix, const double* sent, double* got) {
    constexpr std::size_t panel_rows = PackedMatrix::panel_rows;
    const D d;
    const std::size_t lanes = hn::Lanes(d);
    for (std::size_t row = 0; row < matrix.rows; row += 3 * lanes) {
        const double* w =
            matrix.values + row / panel_rows * panel_rows * matrix.units + row % panel_rows;
        const double* s = sent;
        const V zero = hn::Zero(d);
        Strip column0{zero, zero, zero};
        Strip column1 = column0;
        Strip column2 = column0;
        Strip column3 = column0;
        for (std::size_t from = 0; from < matrix.units; ++from, w += panel_rows, s += 4) {
            const V w_a = hn::LoadU(d, w);
            const V w_b = hn::LoadU(d, w + lanes);
            const V w_c = hn::LoadU(d, w + 2 * lanes);
            column0.add(w_a, w_b, w_c, s[0]);
            column1.add(w_a, w_b, w_c, s[1]);
            column2.add(w_a, w_b, w_c, s[2]);
            column3.add(w_a, w_b, w_c, s[3]);
        }
        double* out = got + row;
        column0.store(lanes, out);
        column1.store(lanes, out + matrix.rows);
        column2.store(lanes, out + 2 * matrix.rows);
        column3.store(lanes, out + 3 * matrix.rows);
    }
}

}  // namespace shoal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shoal {

HWY_EXPORT(multiply);

PackedMatrix::PackedMatrix(const Eigen::MatrixXd& matrix)
    : units_(static_cast<std::size_t>(matrix.rows())),
      rows_((units_ + panel_rows - 1) / panel_rows * panel_rows),
      values_(rows_ * units_, 0.0) {
    check(matrix.rows() == matrix.cols(), "a square matrix");
    for (std::size_t to = 0; to < units_; ++to) {
        const std::size_t panel = to / panel_rows;
        for (std::size_t from = 0; from < units_; ++from) {
            values_[(panel * units_ + from) * panel_rows + to % panel_rows] =
                matrix(static_cast<Eigen::Index>(to), static_cast<Eigen::Index>(from));
        }
    }
}

void PackedMatrix::multiply(const double* sent, double* got) const {
    HWY_DYNAMIC_DISPATCH(multiply)({values_.data(), units_, rows_}, sent, got);
}

Eigen::MatrixXd multiply(const PackedMatrix& matrix, const Eigen::MatrixXd& right) {
    const auto units = static_cast<Eigen::Index>(matrix.units());
    check(right.rows() == units, "factors of equal size");
    std::vector<double> sent(matrix.units() * PackedMatrix::columns);
    std::vector<double> got(matrix.rows() * PackedMatrix::columns);
    Eigen::MatrixXd product(units, right.cols());
    constexpr auto group = static_cast<Eigen::Index>(PackedMatrix::columns);
    for (Eigen::Index first = 0; first < right.cols(); first += group) {
        const Eigen::Index columns = std::min(group, right.cols() - first);
        Eigen::Map<Eigen::MatrixXd> in(sent.data(), group, units);
        in.topRows(columns) = right.middleCols(first, columns).transpose();
        in.bottomRows(group - columns).setZero();
        matrix.multiply(sent.data(), got.data());
        product.middleCols(first, columns) =
            Eigen::Map<const Eigen::MatrixXd>(got.data(), static_cast<Eigen::Index>(matrix.rows()),
                                              group)
                .topLeftCorner(units, columns);
    }
    return product;
}

}  // namespace shoal
#endif
