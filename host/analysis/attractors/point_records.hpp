// SPDX-License-Identifier: MIT
// Fixed and slow points as analysis.h5 has them.
#pragma once

#include <Eigen/Core>

#include "analysis/attractors/settling.hpp"
#include "analysis/dynamics/dynamics.hpp"
#include "analysis/dynamics/spectrum.hpp"
#include "records/records.hpp"
#include "records/search_records.hpp"

namespace shoal {

/// Speed and spectrum are those of the map where the dynamics are one. reached_from is the point's;
/// of a point of the search it is empty.
FixedPoint fixed_point_of(const ReachedPoint& point, const Dynamics& dynamics);
FixedPoint fixed_point_of(const FoundPoint& found, const Dynamics& dynamics);
/// Of a point that a census adds: reached_from is empty, since its runs are not those of the delays
/// (records of attractors say which ended there).
FixedPoint census_point_of(const ReachedPoint& point, const Dynamics& dynamics);

/// Whether no direction grows under the Euler map; false where the spectrum is not known.
bool is_stable(const FixedPoint& point, const Dynamics& dynamics);

/// The flow's spectrum at a point whose eigenvalues are known, of a map by lambda_flow =
/// (lambda_map - 1) / dt.
FlowSpectrum flow_spectrum_of(const FixedPoint& point, const Dynamics& dynamics);

Eigen::VectorXd state_of(const FixedPoint& point);

}  // namespace shoal
