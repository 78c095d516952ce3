// SPDX-License-Identifier: MIT
#include "analysis/attractors/point_records.hpp"

#include <complex>
#include <utility>
#include <vector>

namespace shoal {

FixedPoint fixed_point_of(const ReachedPoint& point, const Dynamics& dynamics) {
    FixedPoint record;
    const Eigen::VectorXd& state = point.root.state;
    record.state.assign(state.data(), state.data() + state.size());
    record.speed = point.root.speed * (dynamics.is_map() ? dynamics.dt() : 1.0);
    record.label = PointLabel::converged;
    record.reached_from = point.reached_from;
    const auto store = [&](const std::vector<std::complex<double>>& eigenvalues) {
        for (const auto& value : eigenvalues) {
            record.eigenvalues.insert(record.eigenvalues.end(), {value.real(), value.imag()});
        }
    };
    if (dynamics.is_map()) {
        const MapSpectrum map = euler_map(point.spectrum, dynamics.dt());
        store(map.eigenvalues);
        record.unstable = map.unstable();
    } else {
        store(point.spectrum.eigenvalues);
        record.unstable = point.spectrum.unstable();
    }
    return record;
}

FixedPoint census_point_of(const ReachedPoint& point, const Dynamics& dynamics) {
    FixedPoint record = fixed_point_of(point, dynamics);
    record.reached_from.clear();
    return record;
}

FixedPoint fixed_point_of(const FoundPoint& found, const Dynamics& dynamics) {
    FixedPoint point;
    point.state = found.state;
    point.speed = found.speed * (dynamics.is_map() ? dynamics.dt() : 1.0);
    point.label = found.label;
    point.eigenvalues = found.eigenvalues;
    point.unstable = found.unstable;
    return point;
}

bool is_stable(const FixedPoint& point, const Dynamics& dynamics) {
    if (point.eigenvalues.empty() || point.label == PointLabel::slow) {
        return false;
    }
    for (std::size_t i = 0; i + 1 < point.eigenvalues.size(); i += 2) {
        const std::complex<double> value(point.eigenvalues[i], point.eigenvalues[i + 1]);
        const auto multiplier = dynamics.is_map() ? value : 1.0 + dynamics.dt() * value;
        if (std::norm(multiplier) > 1.0) {
            return false;
        }
    }
    return true;
}

FlowSpectrum flow_spectrum_of(const FixedPoint& point, const Dynamics& dynamics) {
    std::vector<std::complex<double>> values;
    for (std::size_t i = 0; i + 1 < point.eigenvalues.size(); i += 2) {
        const std::complex<double> value(point.eigenvalues[i], point.eigenvalues[i + 1]);
        values.push_back(dynamics.is_map() ? (value - 1.0) / dynamics.dt() : value);
    }
    return flow_spectrum(std::move(values));
}

Eigen::VectorXd state_of(const FixedPoint& point) {
    return Eigen::Map<const Eigen::VectorXd>(point.state.data(),
                                             static_cast<Eigen::Index>(point.state.size()));
}

}  // namespace shoal
