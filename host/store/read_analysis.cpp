// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "core/error.hpp"
#include "records/full_records.hpp"
#include "store/analysis_file.hpp"
#include "store/hdf5.hpp"
#include "store/point_fields.hpp"
#include "store/read_checks.hpp"
#include "store/seal.hpp"
#include "store/table_reader.hpp"

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
        std::vector<void*> places;
        for (NetworkAnalysis& network : networks) {
            places.push_back(&network);
        }
        TableReader(rows_).read(record_type<NetworkAnalysis>().fields, places);
        read_points(places);
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
        : rows_(std::move(rows)), detail_(detail), place_(rows_.rows(), nowhere) {
        rows_.group().require_schema(analysis_schema);
        for (std::size_t i = 0; i < rows_.count(); ++i) {
            place_[members.empty() ? i : members[i]] = i;
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

    /// Makes a record in the list `list` for every row of a table that is wanted; null for others.
    /// holders[i] has the list of network i, owners[row] is the network of a row.
    static std::vector<void*> new_records(const Field& list, const std::vector<void*>& holders,
                                          const std::vector<std::size_t>& owners,
                                          const std::vector<bool>& wanted) {
        std::vector<std::size_t> places(owners.size());
        for (std::size_t row = 0; row < owners.size(); ++row) {
            if (wanted[row]) {
                void* member = list.in(holders[owners[row]]);
                places[row] = list.count(member);
                list.add(member);
            }
        }
        std::vector<void*> records;  // only now, as lists move when they grow
        for (std::size_t row = 0; row < owners.size(); ++row) {
            void* member = list.in(holders[owners[row]]);
            records.push_back(wanted[row] ? list.change_at(member, places[row]) : nullptr);
        }
        return records;
    }

    void read_points(const std::vector<void*>& networks) const {
        const ReadGroup table = rows_.group().group("fixed_points");
        std::vector<std::size_t> owner = owners(table, table.extents("network", {"point"})[0]);
        const RowReader rows = of_owners(table, owner);
        const std::vector<void*> points = new_records(field_named<NetworkAnalysis>("fixed_points"),
                                                      networks, owner, wanted_points(rows));
        TableReader(rows).read(detail_ == Detail::everything
                                   ? point_fields()
                                   : fields_without<FixedPoint>({"eigenvalues", "state", "label"}),
                               points);
        read_spectra(rows, points);
    }

    /// Whether each of the points is kept (Detail).
    std::vector<bool> wanted_points(const RowReader& rows) const {
        std::vector<bool> wanted(rows.count(), detail_ == Detail::everything);
        if (detail_ == Detail::table) {
            const auto width = rows.group().extents("reached_from", {"point", "conclusion"})[1];
            const auto reached = rows.integers("reached_from", {width});
            for (std::size_t i = 0; i < reached.size(); ++i) {
                wanted[i / width] = wanted[i / width] || reached[i] != 0;
            }
        }
        return wanted;
    }

    /// A point has a spectrum of one kind; in the column of the other kind there is NaN alone.
    void read_spectra(const RowReader& rows, const std::vector<void*>& points) const {
        const ReadGroup& table = rows.group();
        for (const SystemKind kind : {SystemKind::flow, SystemKind::map}) {
            const std::string name = spectrum_field(kind).name;
            if (!table.has(name)) {
                continue;
            }
            const Extents shape = table.extents(name, {"point", "unit", "part"});
            const bool everything = detail_ == Detail::everything;
            const std::uint64_t width =
                everything ? shape[1] * 2 : std::min<std::uint64_t>(shape[1] * 2, 2);
            const auto values = everything ? rows.numbers(name, {shape[1], 2})
                                           : table.first_numbers(name, {rows.rows(), shape[1], 2});
            for (std::size_t k = 0; k < points.size(); ++k) {
                auto* point = static_cast<FixedPoint*>(points[k]);
                if (point != nullptr && point->eigenvalues.empty()) {
                    point->eigenvalues = row_without_padding(values, k, width);
                }
            }
        }
    }

    /// The rows of a table, each into the list `list` of what has it of its network.
    void read_table(const Field& list, const ReadGroup& table,
                    const std::vector<void*>& holders) const {
        std::vector<std::size_t> owner = owners(table, table.extents("network", {"row"})[0]);
        const RowReader rows = of_owners(table, owner);
        const std::vector<bool> all(owner.size(), true);
        TableReader(rows).read(list.inner->fields, new_records(list, holders, owner, all));
    }

    /// A part that a network has one of; holders[i] is the full analysis of network i.
    void read_part(const Field& part, const std::vector<void*>& holders) const {
        std::vector<void*> records;
        for (void* full : holders) {
            records.push_back(part.in(full));
        }
        const RowReader rows = rows_.in(rows_.group().group(part.name));
        for (const Field& field : part.inner->fields) {
            if (field.type != FieldType::records) {
                if (detail_ == Detail::everything || stands_in_table(field)) {
                    TableReader(rows).read({field}, records);
                }
            } else if (detail_ == Detail::everything) {
                read_table(field, rows_.group().group(field.name), records);
            }
        }
    }

    void read_full(std::vector<NetworkAnalysis>& networks) {
        std::vector<std::shared_ptr<FullAnalysis>> made;
        std::vector<void*> all;
        for (NetworkAnalysis& network : networks) {
            made.push_back(std::make_shared<FullAnalysis>());
            all.push_back(made.back().get());
            network.full = made.back();
        }
        for (const Field& part : record_type<FullAnalysis>().fields) {
            if (part.type == FieldType::record) {
                read_part(part, all);
            } else if (detail_ == Detail::everything) {
                const bool proofs = part.meaning.kept == Kept::apart;
                read_table(part, rows_.group().group(proofs ? "fixed_points" : part.name), all);
            }
        }
    }

    static constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();

    RowReader rows_;
    Detail detail_;
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
