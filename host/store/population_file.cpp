// SPDX-License-Identifier: MIT
#include "store/population_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>

#include "core/error.hpp"
#include "store/hdf5.hpp"
#include "store/population_schema.hpp"
#include "store/seal.hpp"

namespace shoal {
namespace {

using hdf5::Extents;
using hdf5::ReadGroup;

/// What one group holds in a row per network, read when the file is opened.
struct GroupContent {
    ReadGroup file;
    std::uint64_t networks = 0, units = 0, inputs = 0, outputs = 0, conclusions = 0;
    std::uint64_t trials = 0, iterations = 0;  ///< 0: no network was trained that way
    std::uint64_t matrices = 0;                ///< 0: every network has its own
    Cell cell{};
    std::vector<std::string> uids, status;
    std::vector<double> tau, dt, gain;
    std::vector<std::int64_t> accepted, accepted_lax, trials_done, diverged_step, curve_trials;
    std::vector<std::int64_t> base_index;
    std::vector<double> fraction_failed, median_error, authors_fractions;

    explicit GroupContent(ReadGroup group) : file(std::move(group)) {
        read_shape();
        read_columns();
    }

    void read_shape() {
        file.require_schema(population_schema);
        const std::string cell_name = file.string_attribute("cell");
        const auto named = value_named<Cell>(cell_name);
        if (!named) {
            throw file_error(
                fmt::format("{}: attribute cell: unknown cell \"{}\"", file.where(""), cell_name));
        }
        cell = *named;
        networks = file.extents("uid", {"network"})[0];
        const Extents input = file.extents("input", {"network", "unit", "channel"});
        units = input[1];
        inputs = input[2];
        outputs = file.extents("readout", {"network", "output", "unit"})[1];
        conclusions = file.extents("conclusions", {"network", "conclusion", "unit"})[1];
        if (file.has("error_curve")) {
            trials = file.extents("error_curve", {"network", "trial", "output"})[1];
        }
        if (file.has("loss_curve")) {
            iterations = file.extents("loss_curve", {"network", "iteration"})[1];
        }
        if (file.has("base")) {
            matrices = file.extents("base", {"matrix", "to", "from"})[0];
        }
        constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<int>::max());
        if (std::max({units, inputs, outputs, conclusions, trials, iterations}) > limit) {
            throw file_error(fmt::format("{}: larger than any network", file.where("")));
        }
    }

    void read_columns() {
        uids = file.strings("uid", {networks});
        status = file.strings("status", {networks});
        accepted = file.integers("accepted", {networks});
        accepted_lax = file.integers("accepted_lax", {networks});
        trials_done = file.integers("trials_done", {networks});
        diverged_step = file.integers("diverged_step", {networks});
        curve_trials = trials > 0 ? file.integers("curve_trials", {networks})
                                  : std::vector<std::int64_t>(networks, 0);
        fraction_failed = file.numbers("fraction_failed", {networks});
        median_error = file.numbers("median_error", {networks});
        authors_fractions =
            file.numbers("authors_fractions", {networks, authors_thresholds.size()});
        tau = per_network("network.tau", "tau");
        dt = per_network("network.dt", "dt");
        if (matrices > 0) {
            gain = file.numbers("gain", {networks});
            base_index = file.integers("base_index", {networks});
        }
        for (std::size_t i = 0; i < networks; ++i) {
            require_range("trials_done", trials_done[i], std::max(trials, iterations));
            require_range("curve_trials", curve_trials[i], trials);
            if (matrices > 0) {
                require_range("base_index", base_index[i], matrices - 1);
            }
        }
    }

    /// A swept key, or the group's attribute where it is not swept.
    std::vector<double> per_network(const std::string& key, const std::string& attribute) const {
        return file.has(key) ? file.numbers(key, {networks})
                             : std::vector<double>(networks, file.number_attribute(attribute));
    }

    void require_range(const std::string& name, std::int64_t value, std::uint64_t largest) const {
        if (value < 0 || static_cast<std::uint64_t>(value) > largest) {
            throw file_error(
                fmt::format("{}: {} is outside 0 ... {}", file.where(name), value, largest));
        }
    }
};

struct Place {
    std::size_t group = 0;
    std::size_t index = 0;
};

Status status_of(const GroupContent& group, std::size_t index) {
    if (const auto status = value_named<Status>(group.status[index])) {
        return *status;
    }
    throw file_error(
        fmt::format("{}: unknown status \"{}\"", group.file.where("status"), group.status[index]));
}

bool all_nan(std::span<const double> values) {
    return std::all_of(values.begin(), values.end(), [](double x) { return std::isnan(x); });
}

/// Rows at the end that hold NaN alone are padding.
void drop_padding(std::vector<double>& values, std::uint64_t row) {
    while (row > 0 && values.size() >= row && all_nan(std::span(values).last(row))) {
        values.resize(values.size() - row);
    }
}

}  // namespace

struct PopulationFile::Impl {
    std::vector<GroupContent> groups;
    std::vector<std::string> uids;
    std::map<std::string, Place> places;
    std::string path;
    /// Base matrices in use, by group and number: networks that share one share it in memory too.
    std::map<std::pair<std::size_t, std::uint64_t>, std::weak_ptr<const RecurrentMatrix>> matrices;

    explicit Impl(const std::filesystem::path& file) : path(file.string()) {
        const ReadGroup root(file);
        root.require_schema(population_schema);
        for (const std::string& name : root.groups()) {
            groups.emplace_back(root.group(name));
            const GroupContent& group = groups.back();
            for (std::size_t i = 0; i < group.uids.size(); ++i) {
                if (!places.emplace(group.uids[i], Place{groups.size() - 1, i}).second) {
                    throw file_error(fmt::format("{}: network {} stands there twice",
                                                 group.file.where("uid"), group.uids[i]));
                }
                uids.push_back(group.uids[i]);
            }
        }
    }

    const Place& place(const std::string& uid) const {
        const auto found = places.find(uid);
        if (found == places.end()) {
            throw file_error(fmt::format("{}: has no network {}", path, uid));
        }
        return found->second;
    }
};

PopulationFile::PopulationFile(const std::filesystem::path& path) {
    if (!check_seal(path)) {
        rehearse(path, [&] {
            impl_ = std::make_unique<Impl>(path);
            for (const std::string& uid : impl_->uids) {
                try {
                    network(uid);
                    model(uid);
                } catch (const Error&) {
                    // Met again by whoever asks for this network.
                }
            }
        });
    }
    impl_ = std::make_unique<Impl>(path);
}

PopulationFile::~PopulationFile() = default;

const std::vector<std::string>& PopulationFile::uids() const {
    return impl_->uids;
}

TrainedNetwork PopulationFile::summary(const std::string& uid) const {
    const Place& place = impl_->place(uid);
    const GroupContent& group = impl_->groups[place.group];
    const std::size_t i = place.index;
    TrainedNetwork record;
    record.uid = uid;
    record.status = status_of(group, i);
    if (record.status == Status::pending) {
        return record;
    }
    record.trials_done = static_cast<int>(group.trials_done[i]);
    record.diverged_step = group.diverged_step[i];
    record.acceptance.accepted = group.accepted[i] == 1;
    record.acceptance.accepted_lax = group.accepted_lax[i] == 1;
    record.acceptance.fraction_failed = group.fraction_failed[i];
    record.acceptance.median_error = group.median_error[i];
    const auto first = group.authors_fractions.begin() +
                       static_cast<std::ptrdiff_t>(i * authors_thresholds.size());
    record.acceptance.authors_fractions.assign(
        first, first + static_cast<std::ptrdiff_t>(authors_thresholds.size()));
    drop_padding(record.acceptance.authors_fractions, 1);
    return record;
}

TrainedNetwork PopulationFile::curve(const std::string& uid) const {
    TrainedNetwork record = summary(uid);
    const Place& place = impl_->place(uid);
    const GroupContent& group = impl_->groups[place.group];
    const std::size_t i = place.index;
    if (record.status == Status::pending) {
        return record;
    }
    if (group.trials > 0) {
        const auto curve =
            group.file.numbers_at("error_curve", {group.networks, group.trials, group.outputs}, i);
        const auto used = static_cast<std::ptrdiff_t>(
            static_cast<std::uint64_t>(group.curve_trials[i]) * group.outputs);
        record.error_curve.assign(curve.begin(), curve.begin() + used);
    }
    if (group.iterations > 0) {
        const auto losses =
            group.file.numbers_at("loss_curve", {group.networks, group.iterations}, i);
        std::copy_if(losses.begin(), losses.end(), std::back_inserter(record.loss_curve),
                     [](double loss) { return !std::isnan(loss); });
    }
    return record;
}

TrainedNetwork PopulationFile::network(const std::string& uid) const {
    TrainedNetwork record = curve(uid);
    const Place& place = impl_->place(uid);
    const GroupContent& group = impl_->groups[place.group];
    const std::size_t i = place.index;
    if (record.status == Status::pending) {
        return record;
    }
    record.readout =
        group.file.numbers_at("readout", {group.networks, group.outputs, group.units}, i);
    record.state = group.file.numbers_at("state", {group.networks, group.units}, i);
    record.conclusions =
        group.file.numbers_at("conclusions", {group.networks, group.conclusions, group.units}, i);
    drop_padding(record.conclusions, group.units);
    return record;
}

NetworkModel PopulationFile::model(const std::string& uid) const {
    const Place& place = impl_->place(uid);
    const GroupContent& group = impl_->groups[place.group];
    const std::size_t i = place.index;
    if (status_of(group, i) == Status::pending) {
        throw file_error(fmt::format("{}: network {} is not trained yet", impl_->path, uid));
    }
    const std::uint64_t n = group.units;
    NetworkModel model;
    model.uid = uid;
    model.units = static_cast<int>(n);
    model.inputs = static_cast<int>(group.inputs);
    model.outputs = static_cast<int>(group.outputs);
    model.cell = group.cell;
    model.tau = group.tau[i];
    model.dt = group.dt[i];
    if (group.matrices > 0) {
        model.gain = group.gain[i];
        const auto matrix = static_cast<std::uint64_t>(group.base_index[i]);
        auto& shared = impl_->matrices[{place.group, matrix}];
        model.recurrent = shared.lock();
        if (!model.recurrent) {
            model.recurrent = dense_matrix(
                model.units, group.file.numbers_at("base", {group.matrices, n, n}, matrix));
            shared = model.recurrent;
        }
    } else {
        model.recurrent = dense_matrix(
            model.units, group.file.numbers_at("recurrent", {group.networks, n, n}, i));
    }
    model.input = group.file.numbers_at("input", {group.networks, n, group.inputs}, i);
    model.feedback = group.file.numbers_at("feedback", {group.networks, n, group.outputs}, i);
    model.readout = group.file.numbers_at("readout", {group.networks, group.outputs, n}, i);
    model.bias = group.file.numbers_at("bias", {group.networks, n}, i);
    if (std::all_of(model.bias.begin(), model.bias.end(), [](double b) { return b == 0.0; })) {
        model.bias.clear();
    }
    model.initial_state = group.file.numbers_at("state", {group.networks, n}, i);
    return model;
}

}  // namespace shoal
