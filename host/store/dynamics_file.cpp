// SPDX-License-Identifier: MIT
#include "store/dynamics_file.hpp"

#include <string>
#include <vector>

#include "core/file.hpp"
#include "store/analysis_file.hpp"
#include "store/described_tables.hpp"
#include "store/hdf5_write.hpp"
#include "store/point_fields.hpp"

namespace shoal {
namespace {

using hdf5::Type;
using hdf5::WriteGroup;

void write_points(WriteGroup root, int units, SystemKind as,
                  const std::vector<DynamicsAnalysis>& analyses) {
    RecordRows points, proofs;
    std::vector<std::int64_t> network;
    for (std::size_t i = 0; i < analyses.size(); ++i) {
        for (std::size_t k = 0; k < analyses[i].points.size(); ++k) {
            points.push_back(&analyses[i].points[k]);
            proofs.push_back(&analyses[i].proofs[k]);
            network.push_back(static_cast<std::int64_t>(i));
        }
    }
    // No network has conclusions that a point could be reached from.
    std::vector<Field> fields = fields_without<FixedPoint>({"eigenvalues", "reached_from"});
    fields.push_back(spectrum_field(as));
    fields.front().meaning.text = "x for current cells, h for rate cells";  // of the state
    const TableAxes axes = {"point", {{"unit", static_cast<std::size_t>(units)}}};
    WriteGroup group = root.group("fixed_points");
    group.dimension("point", points.size());
    group.put("network", Type::int64, {"point"}, network);
    group.describe("network", "instance_dimension", "network");
    write_columns(group, fields, points, axes);
    write_columns(group, record_type<PointProof>().fields, proofs, axes);
}

void put_names(WriteGroup& root, const DynamicsRows& rows) {
    if (!rows.uids.empty()) {
        root.put("uid", Type::string, {"network"}, rows.uids);
    }
    if (std::any_of(rows.conditions.begin(), rows.conditions.end(),
                    [](std::int64_t condition) { return condition > 0; })) {
        root.put("network_of_file", Type::int64, {"network"}, rows.networks);
        root.put("condition", Type::int64, {"network"}, rows.conditions);
    }
}

}  // namespace

void write_dynamics(const std::filesystem::path& path, const WeightsFile& weights,
                    const DynamicsRows& names, SystemKind as,
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
        put_names(root, names);
        write_points(root, weights.units, as, analyses);
        RecordRows rows;
        for (const DynamicsAnalysis& analysis : analyses) {
            rows.push_back(&analysis);
        }
        write_parts(root, record_type<DynamicsAnalysis>().fields, rows,
                    {{"unit", static_cast<std::size_t>(weights.units)}}, "");
        file.close();
    });
}

}  // namespace shoal
