// SPDX-License-Identifier: MIT
#include "analysis/experiments/delay_activity.hpp"

#include <fmt/format.h>

#include "core/numbers.hpp"
#include "records/limits.hpp"

namespace shoal {

namespace {

// The columns of conditions whose rates are all finite.
Eigen::MatrixXd finite_conditions(const ConditionTrials& conditions) {
    const Eigen::Index times = conditions.delay_samples;
    const Eigen::MatrixXd& rates = conditions.delay_rates;
    Eigen::MatrixXd finite(rates.rows(), rates.cols());
    Eigen::Index columns = 0;
    for (Eigen::Index first = 0; first < rates.cols(); first += times) {
        if (rates.middleCols(first, times).allFinite()) {
            finite.middleCols(columns, times) = rates.middleCols(first, times);
            columns += times;
        }
    }
    return finite.leftCols(columns);
}

double share(double part, double rest) {
    return part + rest > 0.0 ? part / (part + rest) : nan;
}

}  // namespace

double participation_ratio(const Eigen::MatrixXd& samples) {
    if (samples.cols() == 0) {
        return nan;
    }
    const Eigen::MatrixXd centred = samples.colwise() - samples.rowwise().mean();
    // Both products have the same nonzero eigenvalues; the smaller one is cheaper.
    const Eigen::MatrixXd product = centred.rows() <= centred.cols()
                                        ? Eigen::MatrixXd(centred * centred.transpose())
                                        : Eigen::MatrixXd(centred.transpose() * centred);
    const double squares = product.squaredNorm();
    const double trace = product.trace();
    return squares > 0.0 ? trace * trace / squares : nan;
}

PhasicIndex phasic_index(const Eigen::MatrixXd& rates, int times) {
    const Eigen::Index units = rates.rows();
    const Eigen::Index conditions = times > 0 ? rates.cols() / times : 0;
    Eigen::VectorXd within = Eigen::VectorXd::Zero(units);
    Eigen::MatrixXd means(units, conditions);
    for (Eigen::Index c = 0; c < conditions; ++c) {
        const auto run = rates.middleCols(c * times, times);
        means.col(c) = run.rowwise().mean();
        within += (run.colwise() - means.col(c)).rowwise().squaredNorm() /
                  static_cast<double>(times * conditions);
    }
    Eigen::VectorXd between = Eigen::VectorXd::Zero(units);
    if (conditions > 0) {
        const Eigen::VectorXd mean = means.rowwise().mean();
        between =
            (means.colwise() - mean).rowwise().squaredNorm() / static_cast<double>(conditions);
    }
    PhasicIndex index;
    index.network = share(within.sum(), between.sum());
    index.units.resize(units);
    for (Eigen::Index i = 0; i < units; ++i) {
        index.units[i] = share(within[i], between[i]);
    }
    return index;
}

Efficiency efficiency(int attractors, double saturated_delay, double solved_share) {
    if (!(solved_share > 0.0)) {
        return {nan, nan};
    }
    return {attractors < 0 ? nan : attractors / solved_share, saturated_delay / solved_share};
}

ActivityRecord measure_activity(const ConditionTrials& conditions, const Efficiency& costs) {
    ActivityRecord record;
    record.limits = conditions.limits;
    record.epoch =
        fmt::format("{}, steps {} to {} of the trial, {} of them recorded",
                    conditions.parts ? "delay between two stimuli" : "first error epoch",
                    conditions.delay.begin, conditions.delay.end, conditions.delay_samples);
    record.attractors_per_solved = costs.attractors_per_solved;
    record.saturated_per_solved = costs.saturated_per_solved;

    const Eigen::MatrixXd rates = finite_conditions(conditions);
    if (rates.cols() < conditions.delay_rates.cols()) {
        add_limit(
            record.limits,
            fmt::format("Activity: {} of {} conditions have rates that are not finite and "
                        "were left out.",
                        (conditions.delay_rates.cols() - rates.cols()) / conditions.delay_samples,
                        conditions.conditions()));
    }
    record.participation_ratio = participation_ratio(rates);
    const PhasicIndex index = phasic_index(rates, conditions.delay_samples);
    record.phasic_index = index.network;
    record.unit_phasic.assign(index.units.data(), index.units.data() + index.units.size());
    record.mean_abs_rate = rates.size() > 0 ? rates.cwiseAbs().mean() : nan;
    return record;
}

}  // namespace shoal
