// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "core/error.hpp"
#include "records/full_records.hpp"
#include "records/time_axes.hpp"
#include "store/analysis_file.hpp"
#include "store/described_tables.hpp"
#include "store/hdf5.hpp"
#include "store/read_checks.hpp"
#include "store/seal.hpp"

namespace shoal {
namespace {

using hdf5::Extents;
using hdf5::ReadGroup;

/// The enumerator of this name; a file error if there is none.
template <class Enum>
Enum named(const ReadGroup& file, const std::string& dataset, const std::string& name) {
    const auto found = value_named<Enum>(name);
    if (!found) {
        throw file_error(fmt::format("{}: unknown value \"{}\"", file.where(dataset), name));
    }
    return *found;
}

int bounded(const ReadGroup& file, const std::string& dataset, std::int64_t value,
            std::int64_t lowest, std::int64_t highest) {
    if (value < lowest || value > highest) {
        throw file_error(fmt::format("{}: {} is outside {} ... {}", file.where(dataset), value,
                                     lowest, highest));
    }
    return static_cast<int>(value);
}

/// Row `i` of a matrix with `width` columns, without the NaN at its end.
std::vector<double> row_without_padding(const std::vector<double>& values, std::size_t i,
                                        std::size_t width) {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(i * width);
    std::vector<double> row(begin, begin + static_cast<std::ptrdiff_t>(width));
    while (!row.empty() && std::isnan(row.back())) {
        row.pop_back();
    }
    return row;
}

bool every_field(const Meaning& /*meaning*/, bool /*text*/) {
    return true;
}

/// Networks of one group: all of them, or chosen ones.
class GroupReader {
  public:
    GroupReader(const ReadGroup& group, Detail detail)
        : GroupReader(RowReader(group, group.extents("uid", {"network"})[0]), {}, detail) {}
    /// `members`: indices of the chosen networks, ascending.
    GroupReader(const ReadGroup& group, const std::vector<std::uint64_t>& members)
        : GroupReader(RowReader(group, group.extents("uid", {"network"})[0], members), members,
                      Detail::everything) {}

    void append_to(std::vector<NetworkAnalysis>& all) {
        std::vector<NetworkAnalysis> networks(rows_.count());
        read_verdicts(networks);
        read_exponents(networks);
        read_learning_signals(networks);
        read_runs(networks);
        read_points(networks);
        if (rows_.group().has("search")) {
            read_full(networks);
        }
        const auto analysed = rows_.integers("analysed");
        for (std::size_t i = 0; i < networks.size(); ++i) {
            if (analysed[i] != 0) {
                all.push_back(std::move(networks[i]));
            }
        }
    }

  private:
    GroupReader(RowReader rows, const std::vector<std::uint64_t>& members, Detail detail)
        : rows_(std::move(rows)),
          detail_(detail),
          conclusions_(rows_.group().extents("end_output", {"network", "conclusion"})[1]),
          place_(rows_.rows(), nowhere) {
        rows_.group().require_schema(analysis_schema);
        for (std::size_t i = 0; i < rows_.count(); ++i) {
            place_[members.empty() ? i : members[i]] = i;
        }
    }

    void read_verdicts(std::vector<NetworkAnalysis>& networks) {
        const ReadGroup& file = rows_.group();
        const auto uid = rows_.strings("uid");
        const auto mechanism = rows_.strings("mechanism");
        const auto rule_a = rows_.strings("rule_a");
        const auto rule_b = rows_.strings("rule_b");
        const auto evidence = rows_.strings("evidence");
        const auto limits = rows_.strings("limits");
        const auto distinct_a = rows_.integers("distinct_outputs_a");
        const auto distinct_b = rows_.integers("distinct_outputs_b");
        const auto attractors = rows_.integers("attractors");
        const auto delay = rows_.numbers("saturated_delay");
        const auto response = rows_.numbers("saturated_response");
        const auto period = rows_.numbers("period");
        for (std::size_t i = 0; i < networks.size(); ++i) {
            NetworkAnalysis& network = networks[i];
            network.uid = uid[i];
            network.mechanism = named<Mechanism>(file, "mechanism", mechanism[i]);
            network.rule_a = named<RuleLabel>(file, "rule_a", rule_a[i]);
            network.rule_b = named<RuleLabel>(file, "rule_b", rule_b[i]);
            network.evidence = evidence[i];
            network.limits = limits[i];
            network.distinct_outputs_a = count(distinct_a[i], "distinct_outputs_a");
            network.distinct_outputs_b = count(distinct_b[i], "distinct_outputs_b");
            network.attractors = count(attractors[i], "attractors");
            network.saturated_delay = delay[i];
            network.saturated_response = response[i];
            network.period = period[i];
        }
    }

    int count(std::int64_t value, const std::string& dataset) const {
        return bounded(rows_.group(), dataset, value, -1, std::numeric_limits<int>::max());
    }

    void read_exponents(std::vector<NetworkAnalysis>& networks) {
        const auto width = rows_.group().extents("exponents", {"network", "exponent"})[1];
        const auto values = rows_.numbers("exponents", {width});
        const auto errors = rows_.numbers("exponent_errors", {width});
        for (std::size_t i = 0; i < networks.size(); ++i) {
            networks[i].exponents = row_without_padding(values, i, width);
            networks[i].exponent_errors = row_without_padding(errors, i, width);
        }
    }

    void read_learning_signals(std::vector<NetworkAnalysis>& networks) {
        const auto width = rows_.group().extents("adjoint_norm", {"network", "lag"})[1];
        const auto values = rows_.numbers("adjoint_norm", {width});
        for (std::size_t i = 0; i < networks.size(); ++i) {
            networks[i].adjoint_norms = row_without_padding(values, i, width);
        }
    }

    void read_runs(std::vector<NetworkAnalysis>& networks) {
        const Extents inner = {conclusions_};
        const std::size_t times = speed_times.size();
        const auto counts = rows_.integers("runs");
        const auto speeds = rows_.numbers("speeds", {conclusions_, times});
        const auto end_output = rows_.numbers("end_output", inner);
        const auto output_variance = rows_.numbers("output_variance", inner);
        const auto settled = rows_.integers("settled", inner);
        const auto attractor = rows_.integers("attractor", inner);
        const auto settling_time = rows_.numbers("settling_time", inner);
        for (std::size_t i = 0; i < networks.size(); ++i) {
            const int runs = bounded(rows_.group(), "runs", counts[i], 0,
                                     static_cast<std::int64_t>(conclusions_));
            networks[i].runs.reserve(std::size_t(runs));
            for (std::size_t k = i * conclusions_; k < i * conclusions_ + std::size_t(runs); ++k) {
                const auto begin = speeds.begin() + static_cast<std::ptrdiff_t>(k * times);
                DelayRun run;
                run.speeds.assign(begin, begin + static_cast<std::ptrdiff_t>(times));
                run.end_output = end_output[k];
                run.output_variance = output_variance[k];
                run.settled = settled[k] != 0;
                run.attractor = count(attractor[k], "attractor");
                run.settling_time = settling_time[k];
                networks[i].runs.push_back(std::move(run));
            }
        }
    }

    /// Of every row of a table that belongs to networks by its dataset `network`, the place of its
    /// owner among the networks that are read, or nowhere.
    std::vector<std::size_t> owners(const ReadGroup& table, std::uint64_t rows) const {
        std::vector<std::size_t> places;
        places.reserve(rows);
        for (const std::int64_t network : table.integers("network", {rows})) {
            const int owner =
                bounded(table, "network", network, 0, static_cast<std::int64_t>(rows_.rows()) - 1);
            places.push_back(place_[static_cast<std::size_t>(owner)]);
        }
        return places;
    }

    /// Reader of the rows that are somewhere; leaves only their places.
    RowReader of_owners(const ReadGroup& table, std::vector<std::size_t>& places) const {
        if (rows_.count() == rows_.rows()) {
            return {table, places.size()};
        }
        std::vector<std::uint64_t> chosen;
        for (std::size_t row = 0; row < places.size(); ++row) {
            if (places[row] != nowhere) {
                chosen.push_back(row);
            }
        }
        const std::uint64_t rows = places.size();
        std::erase(places, nowhere);
        return {table, rows, std::move(chosen)};
    }

    void read_points(std::vector<NetworkAnalysis>& networks) {
        const ReadGroup table = rows_.group().group("fixed_points");
        const Extents shape = table.extents("state", {"point", "unit"});
        const std::uint64_t units = shape[1];
        std::vector<std::size_t> owner = owners(table, shape[0]);
        const RowReader points = of_owners(table, owner);
        const bool everything = detail_ == Detail::everything;
        const auto speed = points.numbers("speed");
        const auto unstable = points.integers("unstable");
        const auto reached = points.integers("reached_from", {conclusions_});
        const auto label = everything ? points.strings("label") : std::vector<std::string>();
        const auto state = everything ? points.numbers("state", {units}) : std::vector<double>();
        const std::uint64_t eigenvalues = everything ? units : std::min<std::uint64_t>(units, 1);
        std::vector<std::vector<double>> spectra;
        for (const char* name : {"eigenvalues_flow", "eigenvalues_map"}) {
            if (table.has(name)) {
                spectra.push_back(everything ? points.numbers(name, {units, 2})
                                             : table.first_numbers(name, {shape[0], units, 2}));
            }
        }
        for (std::size_t k = 0; k < owner.size(); ++k) {
            FixedPoint point;
            for (std::size_t from = 0; from < conclusions_; ++from) {
                if (reached[k * conclusions_ + from] != 0) {
                    point.reached_from.push_back(static_cast<int>(from));
                }
            }
            if (!everything && point.reached_from.empty()) {
                continue;
            }
            point.speed = speed[k];
            point.unstable = count(unstable[k], "fixed_points/unstable");
            for (const auto& spectrum : spectra) {
                if (point.eigenvalues.empty()) {
                    point.eigenvalues = row_without_padding(spectrum, k, 2 * eigenvalues);
                }
            }
            if (everything) {
                point.state = row_without_padding(state, k, units);
                point.label = named<PointLabel>(table, "label", label[k]);
            }
            networks[owner[k]].points.push_back(std::move(point));
        }
    }

    /// Rows of a table by network.
    template <class Record>
    std::vector<std::vector<Record>> read_rows(const ReadGroup& table) {
        std::vector<std::size_t> owner = owners(table, table.extents("network", {"row"})[0]);
        auto records = TableReader(of_owners(table, owner)).read<Record>(every_field);
        std::vector<std::vector<Record>> by_network(rows_.count());
        for (std::size_t row = 0; row < owner.size(); ++row) {
            by_network[owner[row]].push_back(std::move(records[row]));
        }
        return by_network;
    }

    void read_full(std::vector<NetworkAnalysis>& networks) {
        std::vector<std::shared_ptr<FullAnalysis>> all(networks.size());
        for (auto& full : all) {
            full = std::make_shared<FullAnalysis>();
        }
        const auto give = [&](auto&& values, const auto& part) {
            for (std::size_t i = 0; i < all.size(); ++i) {
                part(*all[i]) = std::move(values[i]);
            }
        };
        const bool everything = detail_ == Detail::everything;
        if (everything) {
            give(
                read_rows<PointProof>(rows_.group().group("fixed_points")),
                [](FullAnalysis & full) -> auto& { return full.proofs; });
        }
        visit_parts(
            [&](const char* name, const auto& part) {
                const RowReader rows = rows_.in(rows_.group().group(name));
                give(TableReader(rows).read<PartOf<decltype(part)>>(everything ? every_field
                                                                               : stands_in_table),
                     part);
            },
            [&](const char* name, const char*, const auto& part) {
                if (everything) {
                    give(read_rows<typename PartOf<decltype(part)>::value_type>(
                             rows_.group().group(name)),
                         part);
                }
            });
        for (std::size_t i = 0; i < networks.size(); ++i) {
            networks[i].full = all[i];
        }
    }

    static constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();

    RowReader rows_;
    Detail detail_;
    std::uint64_t conclusions_;
    std::vector<std::size_t> place_;  ///< [network of the file]: among those that are read
};

std::vector<float> to_floats(const std::vector<double>& values) {
    std::vector<float> result;
    result.reserve(values.size());
    for (const double value : values) {
        result.push_back(static_cast<float>(value));
    }
    return result;
}

ExampleTrajectories read_example(const ReadGroup& file) {
    const Extents shape = file.extents("components_of_r", {"conclusion", "sample", "component"});
    ExampleTrajectories example;
    example.uid = file.string_attribute("uid");
    example.mechanism = named<Mechanism>(file, "mechanism", file.string_attribute("mechanism"));
    example.sample_interval = file.number_attribute("sample_interval");
    example.conclusions = to_int(file, "components_of_r", shape[0]);
    example.samples = to_int(file, "components_of_r", shape[1]);
    example.components = to_int(file, "components_of_r", shape[2]);
    example.outputs = to_floats(file.numbers("outputs", {shape[0], shape[1]}));
    example.components_of_r = to_floats(file.numbers("components_of_r", shape));
    example.variance_explained = file.numbers("variance_explained", {shape[2]});
    return example;
}

AnalysisContent read_unguarded(const std::filesystem::path& path, Detail detail) {
    const ReadGroup root(path);
    root.require_schema(analysis_schema);
    AnalysisContent content;
    for (const std::string& name : root.groups()) {
        if (name == "examples") {
            const ReadGroup examples = root.group(name);
            for (const std::string& example : examples.groups()) {
                content.examples.push_back(read_example(examples.group(example)));
            }
        } else {
            GroupReader(root.group(name), detail).append_to(content.networks);
        }
    }
    return content;
}

std::vector<NetworkAnalysis> read_some_unguarded(const std::filesystem::path& path,
                                                 const std::set<std::string>& uids) {
    const ReadGroup root(path);
    root.require_schema(analysis_schema);
    std::vector<NetworkAnalysis> networks;
    for (const std::string& name : root.groups()) {
        if (name == "examples") {
            continue;
        }
        const ReadGroup group = root.group(name);
        const auto all = group.strings("uid", {group.extents("uid", {"network"})[0]});
        std::vector<std::uint64_t> members;
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (uids.contains(all[i])) {
                members.push_back(i);
            }
        }
        if (!members.empty()) {
            GroupReader(group, members).append_to(networks);
        }
    }
    return networks;
}

}  // namespace

AnalysisContent read_analysis(const std::filesystem::path& path, Detail detail) {
    return read_guarded(path, [&] { return read_unguarded(path, detail); });
}

std::vector<NetworkAnalysis> read_analyses(const std::filesystem::path& path,
                                           const std::set<std::string>& uids) {
    return read_guarded(path, [&] { return read_some_unguarded(path, uids); });
}

}  // namespace shoal
