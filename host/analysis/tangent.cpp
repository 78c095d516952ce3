// SPDX-License-Identifier: MIT
#include "analysis/tangent.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

// Highway compiles this file once per instruction set and picks one when the program runs.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analysis/tangent.cpp"
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

// got = W sent. A tile of 3 vectors of rows x 4 columns stays in registers over all `from`; it is
// written out by name because the compiler does not unroll loops over it at this level.
HWY_ATTR void multiply(TangentStepper::Work& work) {
    constexpr std::size_t panel_rows = TangentStepper::Work::panel_rows;
    const D d;
    const std::size_t lanes = hn::Lanes(d);
    for (std::size_t row = 0; row < work.rows; row += 3 * lanes) {
        const double* w =
            work.matrix.data() + row / panel_rows * panel_rows * work.units + row % panel_rows;
        const double* s = work.sent.data();
        const V zero = hn::Zero(d);
        Strip column0{zero, zero, zero};
        Strip column1 = column0;
        Strip column2 = column0;
        Strip column3 = column0;
        for (std::size_t from = 0; from < work.units; ++from, w += panel_rows, s += 4) {
            const V w_a = hn::LoadU(d, w);
            const V w_b = hn::LoadU(d, w + lanes);
            const V w_c = hn::LoadU(d, w + 2 * lanes);
            column0.add(w_a, w_b, w_c, s[0]);
            column1.add(w_a, w_b, w_c, s[1]);
            column2.add(w_a, w_b, w_c, s[2]);
            column3.add(w_a, w_b, w_c, s[3]);
        }
        double* out = work.got.data() + row;
        column0.store(lanes, out);
        column1.store(lanes, out + work.rows);
        column2.store(lanes, out + 2 * work.rows);
        column3.store(lanes, out + 3 * work.rows);
    }
}

HWY_ATTR void advance_current(TangentStepper::Work& work, int steps) {
    const D d;
    const std::size_t lanes = hn::Lanes(d);
    const V rate = hn::Set(d, work.rate);
    for (int step = 0; step < steps; ++step) {
        for (std::size_t unit = 0; unit < work.units; ++unit) {
            const double r = std::tanh(work.values[unit]);
            double* sent = work.sent.data() + unit * 4;
            sent[0] = r;
            for (std::size_t column = 1; column < 4; ++column) {
                sent[column] = (1.0 - r * r) * work.values[column * work.rows + unit];
            }
        }
        multiply(work);
        for (std::size_t column = 0; column < 4; ++column) {
            double* value = work.values.data() + column * work.rows;
            const double* got = work.got.data() + column * work.rows;
            for (std::size_t row = 0; row < work.rows; row += lanes) {
                const V old = hn::LoadU(d, value + row);
                const V drive = column == 0 ? hn::LoadU(d, work.drive.data() + row) : hn::Zero(d);
                const V slope = hn::Sub(hn::Add(hn::LoadU(d, got + row), drive), old);
                hn::StoreU(hn::MulAdd(rate, slope, old), d, value + row);
            }
        }
    }
}

HWY_ATTR void advance_rate(TangentStepper::Work& work, int steps) {
    for (int step = 0; step < steps; ++step) {
        for (std::size_t unit = 0; unit < work.units; ++unit) {
            for (std::size_t column = 0; column < 4; ++column) {
                work.sent[unit * 4 + column] = work.values[column * work.rows + unit];
            }
        }
        multiply(work);
        for (std::size_t unit = 0; unit < work.units; ++unit) {
            const double a = std::tanh(work.got[unit] + work.drive[unit]);
            work.values[unit] += work.rate * (a - work.values[unit]);
            for (std::size_t column = 1; column < 4; ++column) {
                const std::size_t at = column * work.rows + unit;
                const double slope = (1.0 - a * a) * work.got[at] - work.values[at];
                work.values[at] += work.rate * slope;
            }
        }
    }
}

HWY_ATTR void advance_work(TangentStepper::Work& work, int steps) {
    if (work.cell == Cell::current) {
        advance_current(work, steps);
    } else {
        advance_rate(work, steps);
    }
}

}  // namespace shoal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shoal {

HWY_EXPORT(advance_work);

TangentStepper::TangentStepper(const Dynamics& dynamics, const Eigen::VectorXd& state,
                               const Eigen::MatrixXd& tangents)
    : tangent_count_(tangents.cols()) {
    work_.cell = dynamics.cell();
    work_.rate = dynamics.dt() / dynamics.tau();
    work_.units = static_cast<std::size_t>(dynamics.units());
    work_.rows = (work_.units + Work::panel_rows - 1) / Work::panel_rows * Work::panel_rows;
    work_.matrix.assign(work_.rows * work_.units, 0.0);
    work_.drive.assign(work_.rows, 0.0);
    work_.values.assign(work_.rows * columns, 0.0);
    work_.sent.assign(work_.units * columns, 0.0);
    work_.got.assign(work_.rows * columns, 0.0);
    for (std::size_t to = 0; to < work_.units; ++to) {
        const std::size_t panel = to / Work::panel_rows;
        for (std::size_t from = 0; from < work_.units; ++from) {
            work_.matrix[(panel * work_.units + from) * Work::panel_rows + to % Work::panel_rows] =
                dynamics.weights()(static_cast<Eigen::Index>(to), static_cast<Eigen::Index>(from));
        }
    }
    std::copy_n(dynamics.drive().data(), work_.units, work_.drive.begin());
    std::copy_n(state.data(), work_.units, work_.values.begin());
    set_tangents(tangents);
}

void TangentStepper::advance(int steps) {
    HWY_DYNAMIC_DISPATCH(advance_work)(work_, steps);
}

Eigen::VectorXd TangentStepper::state() const {
    return Eigen::Map<const Eigen::VectorXd>(work_.values.data(),
                                             static_cast<Eigen::Index>(work_.units));
}

Eigen::MatrixXd TangentStepper::tangents() const {
    const auto rows = static_cast<Eigen::Index>(work_.rows);
    const Eigen::Map<const Eigen::MatrixXd> all(work_.values.data(), rows, columns);
    return all.block(0, 1, static_cast<Eigen::Index>(work_.units), tangent_count_);
}

void TangentStepper::set_tangents(const Eigen::MatrixXd& tangents) {
    check(tangents.cols() == tangent_count_ && tangent_count_ < columns &&
              tangents.rows() == static_cast<Eigen::Index>(work_.units),
          "at most three tangents of the network's size");
    const auto rows = static_cast<Eigen::Index>(work_.rows);
    Eigen::Map<Eigen::MatrixXd> all(work_.values.data(), rows, columns);
    all.block(0, 1, tangents.rows(), tangent_count_) = tangents;
}

}  // namespace shoal
#endif
