// SPDX-License-Identifier: MIT
#include "analysis/dynamics/tangent.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/stop.hpp"

// Highway compiles this file once per instruction set and picks one when the program runs.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analysis/dynamics/tangent.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace shoal::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<double>;
using V = hn::Vec<D>;

constexpr std::size_t width = PackedMatrix::columns;

void multiply(TangentStepper::Work& work) {
    for (std::size_t group = 0; group < work.groups; ++group) {
        work.matrix.multiply(work.sent.data() + group * width * work.units,
                             work.got.data() + group * width * work.rows);
    }
}

// sent = D_R times every column of values (model/cell_columns.hpp), but R(x) for column 0, which is
// the state.
HWY_ATTR void send(TangentStepper::Work& work) {
    const bool squashes = squashes_state(work.cell);
    for (std::size_t group = 0; group < work.groups; ++group) {
        double* sent = work.sent.data() + group * width * work.units;
        const double* values = work.values.data() + group * width * work.rows;
        for (std::size_t unit = 0; unit < work.units; ++unit, sent += width) {
            const double r = group == 0 ? rate_of(work.cell, values[unit]) : 0.0;
            if (squashes && group == 0) {
                work.slopes[unit] = slope_of(r);
            }
            const double slope = squashes ? work.slopes[unit] : 1.0;
            for (std::size_t column = 0; column < width; ++column) {
                sent[column] = slope * values[column * work.rows + unit];
            }
            if (group == 0) {
                sent[0] = r;
            }
        }
    }
}

// got = tau d/dt of every column of values, where the targets are the drives.
HWY_ATTR void velocities_to_drives(TangentStepper::Work& work) {
    const D d;
    const std::size_t lanes = hn::Lanes(d);
    for (std::size_t column = 0; column < work.groups * width; ++column) {
        const double* value = work.values.data() + column * work.rows;
        double* got = work.got.data() + column * work.rows;
        for (std::size_t row = 0; row < work.rows; row += lanes) {
            const V drive = column == 0 ? hn::LoadU(d, work.drive.data() + row) : hn::Zero(d);
            hn::StoreU(hn::Sub(hn::Add(hn::LoadU(d, got + row), drive), hn::LoadU(d, value + row)),
                       d, got + row);
        }
    }
}

// The same where they are the squashed drives.
HWY_ATTR void velocities_to_squashed(TangentStepper::Work& work) {
    for (std::size_t unit = 0; unit < work.units; ++unit) {
        const double target = target_of(work.cell, work.got[unit] + work.drive[unit]);
        work.slopes[unit] = slope_of(target);
        work.got[unit] = target - work.values[unit];
    }
    for (std::size_t column = 1; column < work.groups * width; ++column) {
        for (std::size_t unit = 0; unit < work.units; ++unit) {
            const std::size_t at = column * work.rows + unit;
            work.got[at] = work.slopes[unit] * work.got[at] - work.values[at];
        }
    }
}

// got = tau d/dt of every column of values.
void velocities(TangentStepper::Work& work) {
    send(work);
    multiply(work);
    if (squashes_drive(work.cell)) {
        velocities_to_squashed(work);
    } else {
        velocities_to_drives(work);
    }
}

// values = base + factor got; weight got is added to sum.
HWY_ATTR void take_stage(TangentStepper::Work& work, double factor, double weight) {
    const D d;
    const V by = hn::Set(d, factor);
    const V share = hn::Set(d, weight);
    for (std::size_t at = 0; at < work.values.size(); at += hn::Lanes(d)) {
        const V slope = hn::LoadU(d, work.got.data() + at);
        hn::StoreU(hn::MulAdd(share, slope, hn::LoadU(d, work.sum.data() + at)), d,
                   work.sum.data() + at);
        hn::StoreU(hn::MulAdd(by, slope, hn::LoadU(d, work.base.data() + at)), d,
                   work.values.data() + at);
    }
}

HWY_ATTR void advance_euler(TangentStepper::Work& work, int steps, double* slopes) {
    const D d;
    const V rate = hn::Set(d, work.rate);
    for (int step = 0; step < steps; ++step) {
        stop_point();
        velocities(work);
        for (std::size_t at = 0; at < work.values.size(); at += hn::Lanes(d)) {
            const V old = hn::LoadU(d, work.values.data() + at);
            const V slope = hn::LoadU(d, work.got.data() + at);
            hn::StoreU(hn::MulAdd(rate, slope, old), d, work.values.data() + at);
        }
        if (slopes != nullptr) {
            slopes = std::copy(work.slopes.begin(), work.slopes.end(), slopes);
        }
    }
}

// `rate` is the step's length / tau.
HWY_ATTR void advance_runge_kutta(TangentStepper::Work& work, int steps, double rate) {
    for (int step = 0; step < steps; ++step) {
        stop_point();
        work.base = work.values;
        std::fill(work.sum.begin(), work.sum.end(), 0.0);
        velocities(work);
        take_stage(work, rate / 2.0, 1.0);
        velocities(work);
        take_stage(work, rate / 2.0, 2.0);
        velocities(work);
        take_stage(work, rate, 2.0);
        velocities(work);
        take_stage(work, 0.0, 1.0);
        work.got.swap(work.sum);
        take_stage(work, rate / 6.0, 0.0);
    }
}

}  // namespace shoal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shoal {

HWY_EXPORT(advance_euler);
HWY_EXPORT(advance_runge_kutta);

TangentStepper::TangentStepper(const Dynamics& dynamics, const Eigen::VectorXd& state,
                               const Eigen::MatrixXd& tangents)
    : tangent_count_(tangents.cols()), tau_(dynamics.tau()) {
    constexpr std::size_t width = PackedMatrix::columns;
    work_.cell = dynamics.cell();
    work_.rate = dynamics.dt() / dynamics.tau();
    work_.matrix = PackedMatrix(dynamics.weights());
    work_.units = work_.matrix.units();
    work_.rows = work_.matrix.rows();
    work_.groups = (static_cast<std::size_t>(tangent_count_) + width) / width;
    const std::size_t columns = work_.groups * width;
    work_.drive.assign(work_.rows, 0.0);
    work_.values.assign(work_.rows * columns, 0.0);
    work_.sent.assign(work_.units * columns, 0.0);
    work_.got.assign(work_.rows * columns, 0.0);
    work_.slopes.assign(work_.units, 0.0);
    work_.base.assign(work_.rows * columns, 0.0);
    work_.sum.assign(work_.rows * columns, 0.0);
    std::copy_n(dynamics.drive().data(), work_.units, work_.drive.begin());
    set_state(state);
    set_tangents(tangents);
}

void TangentStepper::advance(int steps) {
    HWY_DYNAMIC_DISPATCH(advance_euler)(work_, steps, nullptr);
}

void TangentStepper::advance(int steps, Eigen::MatrixXd& slopes) {
    slopes.resize(static_cast<Eigen::Index>(work_.units), steps);
    HWY_DYNAMIC_DISPATCH(advance_euler)(work_, steps, slopes.data());
}

void TangentStepper::advance_flow(int steps, double step) {
    HWY_DYNAMIC_DISPATCH(advance_runge_kutta)(work_, steps, step / tau_);
}

Eigen::VectorXd TangentStepper::state() const {
    return Eigen::Map<const Eigen::VectorXd>(work_.values.data(),
                                             static_cast<Eigen::Index>(work_.units));
}

Eigen::MatrixXd TangentStepper::tangents() const {
    const Eigen::Map<const Eigen::MatrixXd> all(
        work_.values.data(), static_cast<Eigen::Index>(work_.rows), tangent_count_ + 1);
    return all.block(0, 1, static_cast<Eigen::Index>(work_.units), tangent_count_);
}

void TangentStepper::set_state(const Eigen::VectorXd& state) {
    check(state.size() == static_cast<Eigen::Index>(work_.units), "a state of the network's size");
    std::copy_n(state.data(), work_.units, work_.values.begin());
}

void TangentStepper::set_tangents(const Eigen::MatrixXd& tangents) {
    check(tangents.cols() == tangent_count_ &&
              tangents.rows() == static_cast<Eigen::Index>(work_.units),
          "as many tangents of the network's size as at first");
    Eigen::Map<Eigen::MatrixXd> all(work_.values.data(), static_cast<Eigen::Index>(work_.rows),
                                    tangent_count_ + 1);
    all.block(0, 1, tangents.rows(), tangent_count_) = tangents;
}

}  // namespace shoal
#endif
