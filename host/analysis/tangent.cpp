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
        work.matrix.multiply(work.sent.data(), work.got.data());
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
        work.matrix.multiply(work.sent.data(), work.got.data());
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
    work_.matrix = PackedMatrix(dynamics.weights());
    work_.units = work_.matrix.units();
    work_.rows = work_.matrix.rows();
    work_.drive.assign(work_.rows, 0.0);
    work_.values.assign(work_.rows * columns, 0.0);
    work_.sent.assign(work_.units * columns, 0.0);
    work_.got.assign(work_.rows * columns, 0.0);
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
