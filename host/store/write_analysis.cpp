// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>
#include <span>

#include "core/error.hpp"
#include "core/file.hpp"
#include "model/system.hpp"
#include "records/full_records.hpp"
#include "records/time_axes.hpp"
#include "store/analysis_file.hpp"
#include "store/described_tables.hpp"
#include "store/network_groups.hpp"
#include "store/point_fields.hpp"

namespace shoal {
namespace {

using hdf5::Type;
using hdf5::WriteGroup;

/// One HDF5 group: the analysed networks of one NetworkGroup, by their index in it.
class AnalysisWriter {
  public:
    AnalysisWriter(WriteGroup group, const Config& config, const NetworkGroup& layout,
                   const std::vector<std::optional<NetworkAnalysis>>& networks)
        : group_(std::move(group)),
          coordinates_(network_coordinates(config)),
          config_(config),
          layout_(layout),
          networks_(networks) {
        write_network_axis(group_, config, layout, analysis_schema);
    }

    void write() {
        write_axes();
        std::vector<std::int64_t> analysed;
        for (const auto& network : networks_) {
            analysed.push_back(network.has_value());
        }
        group_.put("analysed", Type::int8, {"network"}, analysed);
        group_.describe("analysed", "long_name", "1: the network was analysed");
        group_.describe("analysed", "coordinates", coordinates_);
        // The group has their uids already: they are coordinates.
        write_columns(group_, fields_without<NetworkAnalysis>({"uid"}),
                      rows([](const NetworkAnalysis& analysis) { return &analysis; }),
                      {"network", lengths_, coordinates_});
        write_points();
        if (has_full()) {
            write_parts(group_, record_type<FullAnalysis>().fields, full_rows(), lengths_,
                        coordinates_);
        }
    }

  private:
    /// A row for every network: what `record` points to of those that were analysed.
    template <class Record>
    RecordRows rows(const Record& record) const {
        RecordRows all;
        for (const auto& network : networks_) {
            all.push_back(network ? record(*network) : nullptr);
        }
        return all;
    }

    RecordRows full_rows() const {
        return rows([](const NetworkAnalysis& analysis) { return analysis.full.get(); });
    }

    void add_axis(const char* name, std::span<const double> trial_lengths) {
        group_.coordinate(name, trial_lengths);
        group_.describe(name, "units", "trial lengths");
        lengths_[name] = trial_lengths.size();
    }

    void write_axes() {
        std::size_t conclusions = static_cast<std::size_t>(layout_.conclusions);
        std::size_t exponents = std::max<std::size_t>(
            3, longest_in_parts(record_type<FullAnalysis>().fields, full_rows(), "exponent"));
        for (const auto& network : networks_) {
            if (network) {
                conclusions = std::max(conclusions, network->runs.size());
                exponents = std::max(exponents, network->exponents.size());
                exponents = std::max(exponents, network->exponent_errors.size());
                for (const FixedPoint& point : network->points) {
                    for (const int from : point.reached_from) {
                        check(from >= 0, "conclusions are numbered from 0");
                        conclusions = std::max(conclusions, static_cast<std::size_t>(from) + 1);
                    }
                }
            }
        }
        lengths_ = {{"unit", static_cast<std::size_t>(layout_.units)},
                    {"conclusion", conclusions},
                    {"exponent", exponents}};
        for (const char* axis : {"unit", "conclusion", "exponent"}) {
            group_.dimension(axis, lengths_[axis]);
        }
        add_axis("time", speed_times);
        std::vector<double> lags;
        for (const int lag : logarithmic_lags(adjoint_lengths * layout_.shape.steps)) {
            lags.push_back(static_cast<double>(lag) / layout_.shape.steps);
        }
        add_axis("lag", lags);
    }

    void write_points() {
        RecordRows points, flow, map, proofs;
        std::vector<std::int64_t> network;
        for (std::size_t i = 0; i < networks_.size(); ++i) {
            const std::size_t count = networks_[i] ? networks_[i]->points.size() : 0;
            for (std::size_t k = 0; k < count; ++k) {
                const FixedPoint* point = &networks_[i]->points[k];
                const FullAnalysis* full = networks_[i]->full.get();
                const bool proved = full != nullptr && k < full->proofs.size();
                points.push_back(point);
                flow.push_back(is_map(i) ? nullptr : point);
                map.push_back(is_map(i) ? point : nullptr);
                proofs.push_back(proved ? &full->proofs[k] : &no_proof_);
                network.push_back(static_cast<std::int64_t>(i));
            }
        }
        WriteGroup table = group_.group("fixed_points");
        table.dimension("point", points.size());
        table.coordinate("part", std::vector<std::string>{"re", "im"});
        table.put("network", Type::int64, {"point"}, network);
        table.describe("network", "long_name", "the network the point belongs to");
        table.describe("network", "instance_dimension", "network");
        TableAxes axes = {"point", lengths_};
        axes.known["part"] = 2;
        write_columns(table, point_fields(), points, axes);
        // The group may have networks of both kinds; a point's spectrum is in one of two columns.
        for (const SystemKind kind : {SystemKind::flow, SystemKind::map}) {
            if (has_kind(kind)) {
                write_columns(table, {spectrum_field(kind)}, kind == SystemKind::map ? map : flow,
                              axes);
            }
        }
        if (has_full()) {
            write_columns(table, record_type<PointProof>().fields, proofs, axes);
        }
    }

    bool has_full() const {
        return std::any_of(networks_.begin(), networks_.end(),
                           [](const auto& network) { return network && network->full != nullptr; });
    }

    bool has_kind(SystemKind kind) const {
        for (std::size_t i = 0; i < networks_.size(); ++i) {
            if (is_map(i) == (kind == SystemKind::map)) {
                return true;
            }
        }
        return false;
    }

    bool is_map(std::size_t index) const {
        const NetworkConfig& network = config_.networks[layout_.members[index]].network;
        return system_of(network.tau, network.dt) == SystemKind::map;
    }

    WriteGroup group_;
    std::string coordinates_;
    const Config& config_;
    const NetworkGroup& layout_;
    const std::vector<std::optional<NetworkAnalysis>>& networks_;
    const PointProof no_proof_;
    std::map<std::string, std::size_t> lengths_;  ///< of the group's axes
};

void write_example(WriteGroup group, const ExampleTrajectories& example) {
    group.attribute("uid", example.uid);
    group.attribute("mechanism", std::string(name_of(example.mechanism)));
    group.attribute("sample_interval", example.sample_interval);
    group.dimension("conclusion", static_cast<std::uint64_t>(example.conclusions));
    group.dimension("sample", static_cast<std::uint64_t>(example.samples));
    group.dimension("component", static_cast<std::uint64_t>(example.components));
    group.put("outputs", Type::float32, {"conclusion", "sample"}, example.outputs);
    group.put("components_of_r", Type::float32, {"conclusion", "sample", "component"},
              example.components_of_r);
    group.put("variance_explained", Type::float64, {"component"}, example.variance_explained);
}

}  // namespace

void write_analysis(const std::filesystem::path& path, const Config& config,
                    const std::function<std::optional<NetworkAnalysis>(const NetworkSpec&)>& result,
                    const std::vector<ExampleTrajectories>& examples) {
    replace_file(path, [&](const std::filesystem::path& temporary) {
        hdf5::WriteFile file(temporary, path);
        file.root().attribute("schema_version", std::int64_t{analysis_schema});
        for (const NetworkGroup& layout : network_groups(config)) {
            std::vector<std::optional<NetworkAnalysis>> networks;
            for (const std::size_t member : layout.members) {
                networks.push_back(result(config.networks[member]));
            }
            AnalysisWriter(file.root().group(layout.name), config, layout, networks).write();
        }
        WriteGroup group = file.root().group("examples");
        for (std::size_t i = 0; i < examples.size(); ++i) {
            write_example(group.group("example" + std::to_string(i)), examples[i]);
        }
        file.close();
    });
}

}  // namespace shoal
