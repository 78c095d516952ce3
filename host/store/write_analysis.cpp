// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>
#include <type_traits>

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/numbers.hpp"
#include "model/system.hpp"
#include "records/full_records.hpp"
#include "records/time_axes.hpp"
#include "store/analysis_file.hpp"
#include "store/described_tables.hpp"
#include "store/network_groups.hpp"

namespace shoal {
namespace {

using hdf5::Type;
using hdf5::WriteGroup;

/// Appends `values` and NaN up to `size`; check: not longer.
void append_padded(std::vector<double>& column, const std::vector<double>& values, std::size_t size,
                   const char* what) {
    check(values.size() <= size, what);
    column.insert(column.end(), values.begin(), values.end());
    column.resize(column.size() + size - values.size(), nan);
}

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
        write_verdicts();
        write_exponents();
        write_learning_signals();
        write_runs();
        write_points();
        if (has_full()) {
            write_full();
        }
    }

  private:
    template <class Values>
    void put(WriteGroup& group, const char* name, Type type, const std::vector<std::string>& axes,
             const Values& values, const char* meaning) {
        group.put(name, type, axes, values);
        group.describe(name, "long_name", meaning);
        if (axes.front() == "network") {
            group.describe(name, "coordinates", coordinates_);
        }
    }

    /// A number per network; NaN for those not analysed.
    template <class Value>
    void put_numbers(const char* name, const char* meaning, Value value) {
        std::vector<double> column;
        for (const auto& network : networks_) {
            column.push_back(network ? value(*network) : nan);
        }
        put(group_, name, Type::float64, {"network"}, column, meaning);
    }

    /// A count per network; -1 for those not analysed.
    template <class Value>
    void put_counts(const char* name, const char* meaning, Value value) {
        std::vector<std::int64_t> column;
        for (const auto& network : networks_) {
            column.push_back(network ? static_cast<std::int64_t>(value(*network)) : -1);
        }
        put(group_, name, Type::int64, {"network"}, column, meaning);
    }

    template <class Value>
    void put_texts(const char* name, const char* meaning, Value value) {
        std::vector<std::string> column;
        for (const auto& network : networks_) {
            column.emplace_back(value(network ? *network : NetworkAnalysis{}));
        }
        put(group_, name, Type::string, {"network"}, column, meaning);
    }

    void write_axes() {
        std::size_t conclusions = static_cast<std::size_t>(layout_.conclusions);
        for (const auto& network : networks_) {
            if (network) {
                conclusions = std::max(conclusions, network->runs.size());
                exponents_ = std::max(exponents_, network->exponents.size());
                exponents_ = std::max(exponents_, network->exponent_errors.size());
                for (const FixedPoint& point : network->points) {
                    for (const int from : point.reached_from) {
                        check(from >= 0, "conclusions are numbered from 0");
                        conclusions = std::max(conclusions, static_cast<std::size_t>(from) + 1);
                    }
                }
            }
        }
        conclusions_ = conclusions;
        group_.dimension("unit", static_cast<std::uint64_t>(layout_.units));
        group_.dimension("conclusion", conclusions_);
        group_.dimension("exponent", exponents_);
        group_.coordinate("time", speed_times);
        group_.describe("time", "units", "trial lengths");
    }

    void write_verdicts() {
        using A = NetworkAnalysis;
        std::vector<std::int64_t> analysed;
        for (const auto& network : networks_) {
            analysed.push_back(network.has_value());
        }
        put(group_, "analysed", Type::int8, {"network"}, analysed, "1: the network was analysed");
        put_texts("mechanism", "how the network remembers",
                  [](const A& a) { return name_of(a.mechanism); });
        put_texts("rule_a", "label of the perturbed runs, empty: not run",
                  [](const A& a) { return name_of(a.rule_a); });
        put_texts("rule_b", "label of the unperturbed runs",
                  [](const A& a) { return name_of(a.rule_b); });
        put_texts("evidence", "why this verdict", [](const A& a) { return a.evidence; });
        put_texts("limits", "limits that cut work, empty: none",
                  [](const A& a) { return a.limits; });
        put_counts("distinct_outputs_a", "distinct end outputs by rule A, -1: not run",
                   [](const A& a) { return a.distinct_outputs_a; });
        put_counts("distinct_outputs_b", "distinct end outputs by rule B",
                   [](const A& a) { return a.distinct_outputs_b; });
        put_counts("attractors", "distinct attractors reached by the conclusions",
                   [](const A& a) { return a.attractors; });
        put_numbers("saturated_delay", "share of units with |mean r| > 0.8 in delay 1",
                    [](const A& a) { return a.saturated_delay; });
        put_numbers("saturated_response", "share of units with |mean r| > 0.8 in the response",
                    [](const A& a) { return a.saturated_response; });
        put_numbers("period", "period of a limit cycle, -1: none",
                    [](const A& a) { return a.period; });
    }

    void write_exponents() {
        std::vector<double> values;
        std::vector<double> errors;
        for (const auto& network : networks_) {
            const NetworkAnalysis& a = network ? *network : none_;
            append_padded(values, a.exponents, exponents_, "exponents");
            append_padded(errors, a.exponent_errors, exponents_, "errors of exponents");
        }
        put(group_, "exponents", Type::float64, {"network", "exponent"}, values,
            "leading Lyapunov exponents, per time");
        put(group_, "exponent_errors", Type::float64, {"network", "exponent"}, errors,
            "standard errors of the exponents");
    }

    void write_learning_signals() {
        const auto lags = logarithmic_lags(adjoint_lengths * layout_.shape.steps);
        std::vector<double> lengths;
        for (const int lag : lags) {
            lengths.push_back(static_cast<double>(lag) / layout_.shape.steps);
        }
        group_.coordinate("lag", lengths);
        group_.describe("lag", "units", "trial lengths");
        std::vector<double> norms;
        for (const auto& network : networks_) {
            append_padded(norms, (network ? *network : none_).adjoint_norms, lags.size(),
                          "a norm at every lag");
        }
        put(group_, "adjoint_norm", Type::float64, {"network", "lag"}, norms,
            "norm of the gradient of an output, lag before it, along the first delay run; 1 at lag "
            "0, mean over outputs");
    }

    void write_runs() {
        std::vector<std::int64_t> counts, settled, attractor;
        std::vector<double> end_output, output_variance, settling_time, speeds;
        const DelayRun absent{{}, nan, nan, false, -1, nan};
        for (const auto& network : networks_) {
            const NetworkAnalysis& a = network ? *network : none_;
            counts.push_back(static_cast<std::int64_t>(a.runs.size()));
            for (std::size_t i = 0; i < conclusions_; ++i) {
                const DelayRun& run = i < a.runs.size() ? a.runs[i] : absent;
                check(run.speeds.empty() || run.speeds.size() == speed_times.size(),
                      "a speed at every slowness time");
                append_padded(speeds, run.speeds, speed_times.size(), "speeds");
                end_output.push_back(run.end_output);
                output_variance.push_back(run.output_variance);
                settled.push_back(run.settled);
                attractor.push_back(run.attractor);
                settling_time.push_back(run.settling_time);
            }
        }
        const std::vector<std::string> axes = {"network", "conclusion"};
        put(group_, "runs", Type::int64, {"network"}, counts, "delay runs made, one a conclusion");
        put(group_, "speeds", Type::float64, {"network", "conclusion", "time"}, speeds,
            "|F| along the delay run");
        put(group_, "end_output", Type::float64, axes, end_output,
            "first output at the end of the delay run");
        put(group_, "output_variance", Type::float64, axes, output_variance,
            "variance of the first output over the last two trial lengths");
        put(group_, "settled", Type::int8, axes, settled, "1: the state reached a fixed point");
        put(group_, "attractor", Type::int64, axes, attractor,
            "the fixed point reached, by its position among the network's points, -1: none");
        put(group_, "settling_time", Type::float64, axes, settling_time,
            "time after which the speed stayed below the threshold, -1: none");
    }

    void write_points() {
        WriteGroup points = group_.group("fixed_points");
        std::size_t count = 0;
        bool flow = false;
        bool map = false;
        for (std::size_t i = 0; i < networks_.size(); ++i) {
            count += networks_[i] ? networks_[i]->points.size() : 0;
            (is_map(i) ? map : flow) = true;
        }
        points.dimension("point", count);
        points.coordinate("part", std::vector<std::string>{"re", "im"});
        points.create("state", Type::float64, {"point", "unit"});
        if (flow) {
            points.create("eigenvalues_flow", Type::float64, {"point", "unit", "part"});
            points.describe("eigenvalues_flow", "long_name", "of the flow's Jacobian, per time");
        }
        if (map) {
            points.create("eigenvalues_map", Type::float64, {"point", "unit", "part"});
            points.describe("eigenvalues_map", "long_name", "of the map's Jacobian, per step");
        }
        std::vector<std::int64_t> network, unstable, reached;
        std::vector<double> speed;
        std::vector<std::string> label;
        const auto units = static_cast<std::size_t>(layout_.units);
        for (std::size_t i = 0; i < networks_.size(); ++i) {
            const NetworkAnalysis& a = networks_[i] ? *networks_[i] : none_;
            for (const FixedPoint& point : a.points) {
                const std::uint64_t row = network.size();
                std::vector<double> state, eigenvalues, not_this_kind;
                append_padded(state, point.state, units, "state of a point");
                append_padded(eigenvalues, point.eigenvalues, 2 * units, "eigenvalues of a point");
                append_padded(not_this_kind, {}, 2 * units, "");
                points.write_at("state", row, state);
                if (flow) {
                    points.write_at("eigenvalues_flow", row,
                                    is_map(i) ? not_this_kind : eigenvalues);
                }
                if (map) {
                    points.write_at("eigenvalues_map", row,
                                    is_map(i) ? eigenvalues : not_this_kind);
                }
                network.push_back(static_cast<std::int64_t>(i));
                speed.push_back(point.speed);
                label.emplace_back(name_of(point.label));
                unstable.push_back(point.unstable);
                for (std::size_t from = 0; from < conclusions_; ++from) {
                    reached.push_back(std::count(point.reached_from.begin(),
                                                 point.reached_from.end(),
                                                 static_cast<int>(from)) > 0);
                }
            }
        }
        put(points, "network", Type::int64, {"point"}, network, "the network the point belongs to");
        points.describe("network", "instance_dimension", "network");
        put(points, "speed", Type::float64, {"point"}, speed, "|F| at the point");
        put(points, "label", Type::string, {"point"}, label, "proved, converged or slow");
        put(points, "unstable", Type::int64, {"point"}, unstable,
            "eigenvalues with positive real part (map: modulus above 1)");
        put(points, "reached_from", Type::int8, {"point", "conclusion"}, reached,
            "1: the delay run from this conclusion ends here");
        if (has_full()) {
            write_proofs(points);
        }
    }

    bool has_full() const {
        return std::any_of(networks_.begin(), networks_.end(),
                           [](const auto& network) { return network && network->full != nullptr; });
    }

    /// What level full knows about each point beside its state and spectrum.
    void write_proofs(WriteGroup& points) {
        TableColumns columns(layout_.units);
        columns.add_columns<PointProof>();
        for (const auto& network : networks_) {
            const std::size_t count = network ? network->points.size() : 0;
            for (std::size_t k = 0; k < count; ++k) {
                const bool known = network->full != nullptr && k < network->full->proofs.size();
                columns.add_row(known ? network->full->proofs[k] : PointProof{});
            }
        }
        columns.write(points, "point", "");
    }

    /// A group for every part of FullAnalysis.
    void write_full() {
        visit_parts(
            [&](const char* name, const auto& part) {
                TableColumns columns(layout_.units);
                for (const auto& network : networks_) {
                    if (network && network->full != nullptr) {
                        columns.add_row(part(*network->full));
                    } else {
                        columns.add_absent<PartOf<decltype(part)>>();
                    }
                }
                WriteGroup group = group_.group(name);
                columns.write(group, "network", coordinates_);
            },
            [&](const char* name, const char* axis, const auto& part) {
                write_rows<typename PartOf<decltype(part)>::value_type>(
                    group_, name, axis, layout_.units, networks_.size(), [&](std::size_t i) {
                        const bool known = networks_[i] && networks_[i]->full != nullptr;
                        return known ? &part(*networks_[i]->full) : nullptr;
                    });
            });
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
    const NetworkAnalysis none_;
    std::size_t conclusions_ = 0;
    std::size_t exponents_ = 3;
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
