// SPDX-License-Identifier: MIT
// The columns of tables of points.
#pragma once

#include <string>
#include <vector>

#include "model/system.hpp"
#include "records/fields.hpp"
#include "records/records.hpp"

namespace shoal {

/// All that stands there of a point whatever its network is.
inline std::vector<Field> point_fields() {
    return fields_without<FixedPoint>({"eigenvalues"});
}

/// Its spectrum, in a column of its own for flows and for maps.
inline Field spectrum_field(SystemKind kind) {
    Field field = field_named<FixedPoint>("eigenvalues");
    const bool map = kind == SystemKind::map;
    field.name = map ? "eigenvalues_map" : "eigenvalues_flow";
    field.meaning.text =
        map ? "of the map's Jacobian, per step" : "of the flow's Jacobian, per time";
    return field;
}

}  // namespace shoal
