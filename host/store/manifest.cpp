// SPDX-License-Identifier: MIT
#include "store/manifest.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
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

Precision precision_of(const std::string& name, const std::filesystem::path& path) {
    for (const Precision precision :
         {Precision::fp32, Precision::fp64, Precision::tf32, Precision::bf16}) {
        if (name == name_of(precision)) {
            return precision;
        }
    }
    throw file_error(fmt::format("{}: unknown precision \"{}\"", path.string(), name));
}

}  // namespace

Manifest read_manifest(const std::filesystem::path& path) {
    Manifest m;
    try {
        const auto json = nlohmann::json::parse(read_text_file(path));
        m.backend = json.at("backend");
        m.instruction_set = json.at("instruction_set");
        m.precision = precision_of(json.at("precision"), path);
        m.mixed_bits = json.at("mixed_bits");
        m.threads = json.at("threads");
        m.device = json.value("device", 0);
        m.shard_index = json.at("shard").at("index");
        m.shard_count = json.at("shard").at("count");
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
