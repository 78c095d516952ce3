// SPDX-License-Identifier: MIT
#include "config/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "core/error.hpp"
#include "core/file.hpp"

namespace shoal {
namespace {

/// replicate: n (0 ... n-1), or a list of distinct numbers.
Axis read_replicates(const YamlNode::Entry& entry, Plan& plan, const Reader& reader) {
    constexpr std::int64_t largest = std::numeric_limits<std::uint32_t>::max();
    Axis axis;
    axis.name = entry.key;
    axis.place = entry.place;
    if (entry.value.kind != YamlNode::Kind::sequence) {
        const auto count = read_integer(entry.value, "sweep.replicate", 1,
                                        static_cast<std::int64_t>(max_rows), reader.problems);
        axis.counted = true;
        for (std::uint32_t r = 0; r < count.value_or(0); ++r) {
            axis.replicates.push_back(r);
        }
        return axis;
    }
    if (entry.value.items.empty()) {
        reader.problems.add(entry.value.place, "sweep.replicate is an empty list",
                            "a number of replicates or a list of their numbers is wanted");
    }
    std::set<std::int64_t> seen;
    for (const YamlNode& item : entry.value.items) {
        const auto value = read_integer(item, "sweep.replicate", 0, largest, reader.problems);
        if (!value) {
            plan.wrong.insert(entry.key);
        } else if (seen.insert(*value).second) {
            axis.replicates.push_back(static_cast<std::uint32_t>(*value));
        } else {
            reader.problems.add(item.place, fmt::format("sweep.replicate lists {} twice", *value),
                                "list each value once");
        }
    }
    return axis;
}

Axis read_axis(const YamlNode::Entry& entry, const Key& key, Plan& plan, const Reader& reader) {
    Axis axis;
    axis.key = &key;
    axis.name = entry.key;
    axis.place = entry.place;
    const YamlNode& list = entry.value;
    if (list.kind == YamlNode::Kind::broken) {
        plan.wrong.insert(entry.key);
        return axis;
    }
    if (list.kind != YamlNode::Kind::sequence || list.items.empty()) {
        reader.problems.add(list.place,
                            fmt::format("sweep.{} {}", entry.key,
                                        list.kind == YamlNode::Kind::sequence ? "is an empty list"
                                                                              : described(list)),
                            "a list of values is wanted, as [a, b]");
        plan.wrong.insert(entry.key);
        return axis;
    }
    Settings scratch;
    std::set<std::string> seen;
    for (const YamlNode& item : list.items) {
        if (!key.read(item, reader, scratch)) {
            plan.wrong.insert(entry.key);
            continue;
        }
        const std::string text = key.yaml(scratch);
        if (seen.insert(text).second) {
            axis.values.push_back(item);
        } else {
            reader.problems.add(item.place, fmt::format("sweep.{} lists {} twice", entry.key, text),
                                "list each value once");
        }
    }
    return axis;
}

void read_sweep_entry(const YamlNode::Entry& entry, Plan& plan, const Reader& reader) {
    if (entry.key == "replicate") {
        plan.axes.push_back(read_replicates(entry, plan, reader));
        return;
    }
    const Key* key = find_key(entry.key);
    if (key != nullptr && key->identifies) {
        plan.axes.push_back(read_axis(entry, *key, plan, reader));
        return;
    }
    const std::string what =
        fmt::format("'{}' cannot be swept: it {}", shown(entry.key),
                    key != nullptr ? "does not tell networks apart" : "is not a key");
    if (entry.key == "seed") {
        reader.problems.add(entry.place, "'seed' cannot be swept: a configuration has one seed",
                            "write 'replicate: n' for n independent draws");
    } else if (key != nullptr) {
        reader.problems.add(entry.place, what, "sweep keys of network, task or training");
    } else {
        std::vector<std::string> names = {"replicate"};
        for (const Key& k : all_keys()) {
            if (k.identifies) {
                if (k.name.ends_with("." + entry.key)) {
                    names = {k.name};
                    break;
                }
                names.push_back(k.name);
            }
        }
        const std::string near = names.size() == 1 ? names[0] : nearest(entry.key, names);
        reader.problems.add(entry.place, what,
                            near.empty() ? "write a dotted key, as network.gain: [0.8, 1.2]"
                                         : fmt::format("did you mean '{}'?", near));
    }
}

/// Trial numbers are kept in an int.
constexpr std::int64_t max_training_trials = 2'000'000'000;

/// A key whose default depends on another key: `other` stands where `differs` holds.
struct DependentDefault {
    const char* key;
    double NetworkConfig::*field;
    double other;
    const char* decides;
    bool (*differs)(const NetworkSpec&);
};
constexpr DependentDefault dependent_defaults[] = {
    // Matrices that have a size of their own are taken as they are.
    {"network.gain", &NetworkConfig::gain, 1.0, "network.init",
     [](const NetworkSpec& s) {
         const Init init = s.network.init;
         return init != Init::gauss && init != Init::uniform && init != Init::low_rank;
     }},
    {"network.input_scale", &NetworkConfig::input_scale, 1.0, "training.method",
     [](const NetworkSpec& s) { return s.training.method == TrainingMethod::bptt; }},
};

void set_dependent_default(Plan& plan, const Document& document, const Reader& reader,
                           const DependentDefault& rule) {
    if (document.given.contains(rule.key) || plan.swept(rule.key)) {
        return;
    }
    bool differs = rule.differs(plan.base.spec);
    for (const Axis& axis : plan.axes) {
        if (axis.name != rule.decides || axis.values.empty()) {
            continue;
        }
        const auto value_differs = [&](const YamlNode& value) {
            Settings scratch;
            axis.key->read(value, reader, scratch);
            return rule.differs(scratch.spec);
        };
        const auto others = static_cast<std::size_t>(
            std::count_if(axis.values.begin(), axis.values.end(), value_differs));
        differs = others > 0;
        if (others > 0 && others < axis.size()) {
            reader.problems.add(
                axis.place,
                fmt::format("{} is swept over values for which {} has different defaults",
                            rule.decides, rule.key),
                fmt::format("give {}", rule.key));
        }
    }
    if (differs) {
        plan.base.spec.network.*rule.field = rule.other;
    }
}

/// Walks the Cartesian product and makes one row after another.
class Expansion {
  public:
    Expansion(Plan& plan, const Document& document, const Reader& reader)
        : plan_(plan), document_(document), reader_(reader), current_(plan.base) {
        place_.resize(plan.axes.size());
    }

    std::vector<NetworkSpec> run(std::size_t rows) {
        plan_.used.assign(all_keys().size(), false);
        rows_.reserve(rows);
        vary(0);
        return std::move(rows_);
    }

  private:
    void vary(std::size_t depth) {
        if (depth == plan_.axes.size()) {
            finish_row();
            return;
        }
        const Axis& axis = plan_.axes[depth];
        for (std::size_t i = 0; i < axis.size(); ++i) {
            place_[depth] = axis.place;
            if (axis.key == nullptr) {
                current_.spec.replicate = axis.replicates[i];
                vary(depth + 1);
                continue;
            }
            auto value = axis.key->read(axis.values[i], reader_, current_);
            check(value.has_value(), "a swept value that was read once reads again");
            place_[depth] = axis.values[i].place;
            current_.spec.swept.emplace_back(axis.name, std::move(*value));
            vary(depth + 1);
            current_.spec.swept.pop_back();
        }
    }

    /// Where this row's value of a key was written; the start of the file for a default.
    Place place_of(const std::string& key) const {
        for (std::size_t i = 0; i < place_.size(); ++i) {
            if (plan_.axes[i].name == key) {
                return place_[i];
            }
        }
        const auto found = document_.given.find(key);
        return found == document_.given.end() ? Place{} : found->second.place;
    }
    bool known(std::initializer_list<const char*> keys) const {
        return std::none_of(keys.begin(), keys.end(),
                            [&](const char* key) { return plan_.wrong.contains(key); });
    }
    bool given(const char* key) const { return document_.given.contains(key) || plan_.swept(key); }

    void finish_row() {
        const auto& keys = all_keys();
        for (std::size_t i = 0; i < keys.size(); ++i) {
            plan_.used[i] = plan_.used[i] || keys[i].used(current_.spec);
        }
        NetworkSpec& row = rows_.emplace_back(current_.spec);
        row.position = rows_.size() - 1;
        check_row(row);
        if (reader_.problems.count() == 0) {
            row.uid = make_uid(row);
        }
    }

    void check_row(NetworkSpec& row) {
        if (row.network.dt > row.network.tau && known({"network.dt", "network.tau"})) {
            reader_.problems.add(place_of(given("network.dt") ? "network.dt" : "network.tau"),
                                 fmt::format("network.dt is {}, longer than network.tau = {}",
                                             row.network.dt, row.network.tau),
                                 "an Euler step of at most tau is wanted");
        }
        check_gradient_row(row);
        const bool pairs = row.network.init == Init::quasi_periodic ||
                           row.network.init == Init::quasi_periodic_flow;
        if (pairs && row.network.units % 2 != 0 && known({"network.units", "network.init"})) {
            reader_.problems.add(
                place_of(given("network.units") ? "network.units" : "network.init"),
                fmt::format("network.units is {}, odd, and init {} makes pairs of units",
                            row.network.units, name_of(row.network.init)),
                "give an even number of units");
        }
        if (row.network.init == Init::low_rank && row.network.rank > row.network.units &&
            known({"network.rank", "network.units"})) {
            reader_.problems.add(place_of("network.rank"),
                                 fmt::format("network.rank is {}, more than the {} units",
                                             row.network.rank, row.network.units),
                                 "a rank of at most network.units is wanted");
        }
        if (row.network.init == Init::file && known({"network.init"})) {
            if (!given("network.units")) {
                reader_.problems.add(place_of("network.init"), "init: file without network.units",
                                     "give the number of units of the file's networks");
            }
            take_file("network.init", "network.path", row.network.path, row.network.content);
        } else {
            row.network.path.clear();
        }
        const bool reads_file =
            row.task.kind == TaskKind::file ||
            (row.task.kind == TaskKind::sequential_sum &&
             row.task.source == StimulusSource::digits && !row.task.path.empty());
        if (reads_file && known({"task.kind", "task.source"})) {
            take_file("task.kind", "task.path", row.task.path, row.task.content);
        } else {
            row.task.path.clear();
        }
    }

    void check_gradient_row(const NetworkSpec& row) {
        const TrainingConfig& training = row.training;
        if (training.method != TrainingMethod::bptt || !known({"training.method"})) {
            return;
        }
        if (training.loss == Loss::cross_entropy && row.task.kind != TaskKind::copy &&
            row.task.kind != TaskKind::file && known({"training.loss", "task.kind"})) {
            reader_.problems.add(
                place_of("training.loss"),
                fmt::format("training.loss is cross-entropy, and the targets of task {} are no "
                            "classes",
                            name_of(row.task.kind)),
                "take mse, or task.kind copy or file");
        }
        if (training.rank > 0 && known({"training.rank", "training.train", "network.units"}) &&
            (training.rank > row.network.units || !training.parts.recurrent)) {
            reader_.problems.add(
                place_of("training.rank"),
                fmt::format("training.rank is {}; {}", training.rank,
                            training.parts.recurrent
                                ? fmt::format("there are {} units", row.network.units)
                                : std::string("training.train has no recurrent")),
                "a rank of at most network.units is wanted, and recurrent weights that are "
                "trained");
        }
        if (std::int64_t{training.iterations} * training.batch > max_training_trials &&
            known({"training.iterations", "training.batch"})) {
            reader_.problems.add(
                place_of("training.iterations"),
                fmt::format("{} iterations of {} trials", training.iterations, training.batch),
                fmt::format("at most {} trials are wanted", max_training_trials));
        }
        if (training.iterations > 0 && training.warmup >= training.iterations &&
            known({"training.warmup", "training.iterations"})) {
            reader_.problems.add(place_of("training.warmup"),
                                 fmt::format("training.warmup is {} of {} iterations",
                                             training.warmup, training.iterations),
                                 "fewer than training.iterations is wanted");
        }
    }

    /// Sets the hash of a file that this row needs.
    void take_file(const char* asks, const char* key, const std::string& path,
                   std::string& content) {
        if (path.empty()) {
            if (known({key})) {
                reader_.problems.add(place_of(asks), fmt::format("{}: file without {}", asks, key),
                                     "give the path of the file");
            }
            return;
        }
        const auto [found, first_time] = contents_.try_emplace(path);
        if (first_time) {
            try {
                // Opening a named pipe would wait for its writer.
                if (std::filesystem::exists(path) && !std::filesystem::is_regular_file(path)) {
                    throw file_error(path + ": is not a regular file");
                }
                found->second = hex16(hash64(read_file(path)));
            } catch (const std::exception& error) {
                reader_.problems.add(place_of(key), fmt::format("{}: {}", key, error.what()),
                                     "give the path of a file that can be read", ExitCode::file);
            }
        }
        content = found->second;
    }

    Plan& plan_;
    const Document& document_;
    const Reader& reader_;
    Settings current_;
    std::vector<Place> place_;  ///< [axis] of the current row's value
    std::vector<NetworkSpec> rows_;
    std::unordered_map<std::string, std::string> contents_;  ///< hash by path
};

/// Keys that were written but can change no row.
void check_use(const Plan& plan, const Document& document, const Reader& reader) {
    for (const char* decides :
         {"network.init", "task.kind", "task.source", "training.method", "training.optimizer"}) {
        if (plan.wrong.contains(decides)) {
            return;
        }
    }
    const auto& keys = all_keys();
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const auto tell = [&](const Place& place) {
            reader.problems.add(place, fmt::format("{} has no effect here", keys[i].name),
                                fmt::format("it matters only when {}", keys[i].used_when));
        };
        if (plan.used[i]) {
            continue;
        }
        if (const auto given = document.given.find(keys[i].name); given != document.given.end()) {
            tell(given->second.place);
        }
        for (const Axis& axis : plan.axes) {
            if (axis.key == &keys[i]) {
                tell(axis.place);
            }
        }
    }
}

std::string row_words(const NetworkSpec& row) {
    std::string words;
    for (const auto& [key, value] : row.swept) {
        words += fmt::format("{} = {}, ", key, shown(to_string(value)));
    }
    return fmt::format("{}replicate = {}", words, row.replicate);
}

void check_unique(const std::vector<NetworkSpec>& rows, const Document& document,
                  const Reader& reader) {
    std::unordered_map<std::string_view, std::size_t> first;
    first.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto [found, fresh] = first.try_emplace(rows[i].uid, i);
        if (!fresh) {
            reader.problems.add(
                document.sweep_place,
                fmt::format("rows {} ({}) and {} ({}) of the sweep are the same network",
                            found->second, row_words(rows[found->second]), i, row_words(rows[i])),
                "sweep keys that matter to every row");
            return;
        }
    }
}

}  // namespace

bool Plan::swept(const std::string& key) const {
    return std::any_of(axes.begin(), axes.end(), [&](const Axis& a) { return a.name == key; });
}

Plan read_values(const Document& document, const Reader& reader) {
    Plan plan;
    for (const auto& [name, node] : document.given) {
        if (!find_key(name)->read(node, reader, plan.base)) {
            plan.wrong.insert(name);
        }
    }
    for (const YamlNode::Entry& entry : document.sweep) {
        read_sweep_entry(entry, plan, reader);
    }
    for (const DependentDefault& rule : dependent_defaults) {
        set_dependent_default(plan, document, reader, rule);
    }
    return plan;
}

std::vector<NetworkSpec> expand(Plan& plan, const Document& document, const Reader& reader) {
    std::size_t rows = 1;
    for (const Axis& axis : plan.axes) {
        if (axis.size() == 0) {
            return {};  // told already
        }
        if (rows > max_rows / axis.size()) {
            reader.problems.add(document.sweep_place,
                                fmt::format("the sweep has more than {} networks", max_rows),
                                "take fewer values, or several configurations");
            return {};
        }
        rows *= axis.size();
    }
    std::vector<NetworkSpec> specs = Expansion(plan, document, reader).run(rows);
    check_use(plan, document, reader);
    if (reader.problems.count() == 0) {
        check_unique(specs, document, reader);
    }
    return specs;
}

}  // namespace shoal
