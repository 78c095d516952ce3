// SPDX-License-Identifier: MIT
#include "config/row_checks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/file.hpp"

namespace shoal {
namespace {

/// Trial numbers are kept in an int.
constexpr std::int64_t max_training_trials = 2'000'000'000;

}  // namespace

Place RowChecks::place_of(std::string_view key) const {
    for (std::size_t i = 0; i < plan_.axes.size(); ++i) {
        const Axis& axis = plan_.axes[i];
        if (const auto column = axis.column(key)) {
            return axis.values[at_[i]][*column].place;
        }
    }
    const auto found = document_.given.find(std::string(key));
    return found == document_.given.end() ? Place{} : found->second.place;
}

bool RowChecks::known(std::initializer_list<const char*> keys) const {
    return std::none_of(keys.begin(), keys.end(),
                        [&](const char* key) { return plan_.wrong.contains(key); });
}

bool RowChecks::given(const char* key) const {
    return document_.given.contains(key) || plan_.swept(key);
}

void RowChecks::check(NetworkSpec& row, std::span<const std::size_t> at) {
    at_ = at;
    if (row.network.dt > row.network.tau && known({"network.dt", "network.tau"})) {
        reader_.problems.add(place_of(given("network.dt") ? "network.dt" : "network.tau"),
                             fmt::format("network.dt is {}, longer than network.tau = {}",
                                         row.network.dt, row.network.tau),
                             "an Euler step of at most tau is wanted");
    }
    check_gradients(row);
    check_accept(row);
    if (row_of(row.network.init).pairs && row.network.units % 2 != 0 &&
        known({"network.units", "network.init"})) {
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
        row.task.has_path() && (row.task.kind == TaskKind::file || !row.task.path.empty());
    if (reads_file && known({"task.kind", "task.source"})) {
        take_file("task.kind", "task.path", row.task.path, row.task.content);
    } else {
        row.task.path.clear();
    }
}

void RowChecks::check_gradients(const NetworkSpec& row) const {
    const TrainingConfig& training = row.training;
    if (training.method != TrainingMethod::bptt || !known({"training.method"})) {
        return;
    }
    if (training.loss == Loss::cross_entropy && !row_of(row.task.kind).may_have_classes &&
        known({"training.loss", "task.kind"})) {
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
                             fmt::format("training.warmup is {} of {} iterations", training.warmup,
                                         training.iterations),
                             "fewer than training.iterations is wanted");
    }
}

void RowChecks::check_accept(const NetworkSpec& row) const {
    if (row.training.accept.score == AcceptScore::accuracy &&
        !row_of(row.task.kind).may_have_classes && known({"training.accept.score", "task.kind"})) {
        reader_.problems.add(
            place_of("training.accept.score"),
            fmt::format("training.accept.score is accuracy, and the targets of task {} are no "
                        "classes",
                        name_of(row.task.kind)),
            "take task, within or r2, or task.kind copy or file");
    }
}

void RowChecks::take_file(const char* asks, const char* key, const std::string& path,
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
            found->second = hex16(hash64_of_file(path));
        } catch (const std::exception& error) {
            reader_.problems.add(place_of(key), fmt::format("{}: {}", key, error.what()),
                                 "give the path of a file that can be read", ExitCode::file);
        }
    }
    content = found->second;
}

}  // namespace shoal
