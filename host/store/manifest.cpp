// SPDX-License-Identifier: MIT
#include "store/manifest.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdint>
#include <ctime>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/file.hpp"

namespace shoal {

std::string utc_now() {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

std::string program_version() {
    return SHOAL_VERSION;
}

void write_manifest(const std::filesystem::path& path, const Manifest& m) {
    nlohmann::ordered_json json;
    json["program"] = "shoal";
    json["version"] = program_version();
    json["compiler"] = fmt::format("g++ {}", __VERSION__);
    json["backend"] = m.backend;
    json["instruction_set"] = m.instruction_set;
    json["precision"] = name_of(m.precision);
    json["mixed_bits"] = m.mixed_bits;
    json["threads"] = m.threads;
    json["device"] = m.device;
    json["shard"] = {{"index", m.shard_index}, {"count", m.shard_count}};
    json["started"] = m.started;
    json["finished"] = m.finished;
    json["stage_seconds"] = m.stage_seconds;
    replace_file(path, json.dump(2) + "\n");
}

namespace {

/// A manifest has a few hundred.
constexpr std::uintmax_t most_bytes = 1 << 20;

Precision precision_of(const std::string& name, const std::filesystem::path& path) {
    if (const auto precision = value_named<Precision>(name)) {
        return *precision;
    }
    throw file_error(fmt::format("{}: unknown precision \"{}\"", path.string(), name));
}

/// The library's own conversion takes fractions and cuts off what does not fit.
int count_of(const nlohmann::json& value, const std::filesystem::path& path) {
    constexpr std::uint64_t most = std::numeric_limits<int>::max();
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most) {
        throw file_error(fmt::format("{}: is damaged: shard and threads are counts that fit an int",
                                     path.string()));
    }
    return value.get<int>();
}

}  // namespace

Manifest read_manifest(const std::filesystem::path& path) {
    Manifest m;
    std::error_code absent;
    if (const auto size = std::filesystem::file_size(path, absent); !absent && size > most_bytes) {
        throw file_error(fmt::format("{}: is damaged: it has {} bytes", path.string(), size));
    }
    try {
        const auto json = nlohmann::json::parse(read_text_file(path));
        m.backend = json.at("backend");
        m.instruction_set = json.at("instruction_set");
        m.precision = precision_of(json.at("precision"), path);
        m.mixed_bits = json.at("mixed_bits");
        m.threads = count_of(json.at("threads"), path);
        m.device = json.value("device", 0);
        m.shard_index = count_of(json.at("shard").at("index"), path);
        m.shard_count = count_of(json.at("shard").at("count"), path);
        m.started = json.at("started");
        m.finished = json.at("finished");
        m.stage_seconds = json.at("stage_seconds");
    } catch (const nlohmann::json::exception& problem) {
        throw file_error(fmt::format("{}: is damaged: {}", path.string(), problem.what()));
    }
    if (m.shard_count < 1 || m.shard_index < 0 || m.shard_index >= m.shard_count) {
        throw file_error(fmt::format("{}: is damaged: shard {}/{}", path.string(), m.shard_index,
                                     m.shard_count));
    }
    return m;
}

}  // namespace shoal
