// SPDX-License-Identifier: MIT
#include "store/dynamics_file.hpp"

#include <string>
#include <utility>

#include "core/file.hpp"
#include "store/analysis_file.hpp"
#include "store/described_tables.hpp"
#include "store/hdf5_write.hpp"

namespace shoal {
namespace {

using hdf5::Type;
using hdf5::WriteGroup;

/// A point in the columns of analysis.h5; which of the two spectra it is, the column's name says.
struct PointRow {
    FixedPoint point;
    bool map = false;
};

template <class Row, class Visit>
requires std::is_same_v<std::remove_const_t<Row>, PointRow>
void describe(Row& row, Visit&& visit) {
    visit("state", row.point.state, Meaning{"x for current cells, h for rate cells", {"unit"}});
    visit("speed", row.point.speed, Meaning{"|F| at the point"});
    visit("label", row.point.label, Meaning{"proved, converged or slow"});
    visit(row.map ? "eigenvalues_map" : "eigenvalues_flow", row.point.eigenvalues,
          Meaning{row.map ? "of the map's Jacobian, per step" : "of the flow's Jacobian, per time",
                  {"unit", "part"}});
    visit("unstable", row.point.unstable,
          Meaning{"eigenvalues with positive real part (map: modulus above 1)"});
}

void write_points(WriteGroup root, const WeightsFile& weights, bool map,
                  const std::vector<DynamicsAnalysis>& analyses) {
    TableColumns points(weights.units);
    TableColumns proofs(weights.units);
    std::vector<std::int64_t> network;
    for (std::size_t i = 0; i < analyses.size(); ++i) {
        for (std::size_t k = 0; k < analyses[i].points.size(); ++k) {
            points.add_row(PointRow{analyses[i].points[k], map});
            proofs.add_row(analyses[i].proofs[k]);
            network.push_back(static_cast<std::int64_t>(i));
        }
    }
    if (network.empty()) {
        const PointRow shape{{}, map};
        points.add_columns_of(shape);
        proofs.add_columns<PointProof>();
    }
    WriteGroup group = root.group("fixed_points");
    group.dimension("point", points.rows());
    group.put("network", Type::int64, {"point"}, network);
    group.describe("network", "instance_dimension", "network");
    points.write(group, "point", "");
    proofs.write(group, "point", "");
}

template <class Part>
void write_one(WriteGroup root, const char* name, int units,
               const std::vector<DynamicsAnalysis>& analyses, const Part& part) {
    TableColumns columns(units);
    for (const DynamicsAnalysis& analysis : analyses) {
        columns.add_row(part(analysis));
    }
    WriteGroup group = root.group(name);
    columns.write(group, "network", "");
}

}  // namespace

void write_dynamics(const std::filesystem::path& path, const WeightsFile& weights, SystemKind as,
                    const std::vector<DynamicsAnalysis>& analyses) {
    replace_file(path, [&](const std::filesystem::path& temporary) {
        hdf5::WriteFile file(temporary, path);
        WriteGroup root = file.root();
        root.attribute("schema_version", std::int64_t{analysis_schema});
        root.attribute("n_units", std::int64_t{weights.units});
        root.attribute("cell", std::string(name_of(weights.cell)));
        root.attribute("tau", weights.tau);
        root.attribute("dt", weights.dt);
        root.attribute("analysed_as", std::string(name_of(as)));
        root.attribute("step", step_of(as, weights.tau, weights.dt));
        root.dimension("network", analyses.size());
        root.dimension("unit", static_cast<std::uint64_t>(weights.units));
        if (!weights.uids.empty()) {
            root.put("uid", Type::string, {"network"}, weights.uids);
        }
        write_points(root, weights, as == SystemKind::map, analyses);
        write_one(
            root, "search", weights.units, analyses,
            [](const auto& a) -> auto& { return a.search; });
        write_one(
            root, "census", weights.units, analyses,
            [](const auto& a) -> auto& { return a.census; });
        write_one(
            root, "verdict", weights.units, analyses,
            [](const auto& a) -> auto& { return a.verdict; });
        write_rows<SlowModes>(root, "modes", "point_modes", weights.units, analyses.size(),
                              [&](std::size_t i) { return &analyses[i].modes; });
        write_rows<AttractorRecord>(root, "basins", "basin", weights.units, analyses.size(),
                                    [&](std::size_t i) { return &analyses[i].attractors; });
        file.close();
    });
}

}  // namespace shoal
