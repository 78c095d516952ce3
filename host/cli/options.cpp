// SPDX-License-Identifier: MIT
#include "cli/options.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <vector>

#include "core/error.hpp"

namespace shoal {

namespace {

bool has_narrow_products(Precision precision) {
    return precision == Precision::tf32 || precision == Precision::bf16;
}

void require_cuda(Precision precision, const std::string& backend) {
    if (has_narrow_products(precision) && backend != "cuda") {
        throw usage_error(
            fmt::format("--precision {}: the {} backend does not have it; write --precision fp32, "
                        "or --backend cuda for training by gradients",
                        name_of(precision), backend));
    }
}

}  // namespace

void add_compute_options(CLI::App& command, ComputeOptions& options, const char* default_precision,
                         Precisions precisions) {
    std::vector<std::string> names;
    for (const Precision precision : enumerators(Precision{})) {
        if (precisions == Precisions::narrow_products || !has_narrow_products(precision)) {
            names.emplace_back(name_of(precision));
        }
    }
    command.add_option("--backend", options.backend, "Where to compute")
        ->check(CLI::IsMember({"auto", "cpu", "cuda", "reference"}))
        ->capture_default_str();
    command
        .add_option("--precision", options.precision,
                    precisions == Precisions::plain
                        ? fmt::format("fp32 or fp64 (default {})", default_precision)
                        : fmt::format("fp32 or fp64 (default {}); training by gradients on a GPU "
                                      "also tf32 or bf16",
                                      default_precision))
        ->check(CLI::IsMember(names));
    command.add_option("--threads", options.threads, "Threads (default: every processor)")
        ->check(CLI::Range(1, 4096));
    command.add_option("--device", options.device, "GPU number (--backend cuda)")
        ->check(CLI::NonNegativeNumber);
}

Precision precision_of(const ComputeOptions& options, Precision default_precision) {
    return value_named<Precision>(options.precision).value_or(default_precision);
}

std::unique_ptr<Backend> open_backend(const ComputeOptions& options, Precision default_precision,
                                      std::string* note) {
    const Precision precision = precision_of(options, default_precision);
    if (options.backend != "auto") {
        require_cuda(precision, options.backend);
    }
    auto backend = make_backend(options.backend,
                                {precision, options.threads, options.device.value_or(0)}, note);
    require_cuda(precision, backend->name());
    return backend;
}

std::uint64_t parse_bytes(const std::string& text) {
    double value = 0.0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    std::string unit(end, text.data() + text.size());
    static const std::map<std::string, double> units = {
        {"", 1.0},       {"B", 1.0},      {"K", 1e3},      {"M", 1e6},     {"G", 1e9},
        {"T", 1e12},     {"KB", 1e3},     {"MB", 1e6},     {"GB", 1e9},    {"TB", 1e12},
        {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40}};
    const auto scale = units.find(unit);
    if (problem != std::errc{} || scale == units.end() || !std::isfinite(value) || value <= 0 ||
        value * scale->second > 0x1p60) {
        throw usage_error(
            fmt::format("--max-memory {}: write a size such as 500M, 8G or 1.5GiB", text));
    }
    return static_cast<std::uint64_t>(value * scale->second);
}

void require_other_file(const std::string& out, const std::vector<std::string>& read) {
    for (const std::string& path : read) {
        if (!path.empty() &&
            std::filesystem::weakly_canonical(path) == std::filesystem::weakly_canonical(out)) {
            throw usage_error(fmt::format("--out {}: is a file that is read; give another", out));
        }
    }
}

std::string quoted(const std::string& word) {
    static const std::string plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%";
    if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) {
        return word;
    }
    std::string text = "'";
    for (const char c : word) {
        text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return text + "'";
}

namespace {

std::optional<int> number(const char* text) {
    if (text == nullptr) {
        return std::nullopt;
    }
    int value = 0;
    const char* last = text + std::char_traits<char>::length(text);
    const auto [end, problem] = std::from_chars(text, last, value);
    if (problem != std::errc{} || end != last) {
        return std::nullopt;
    }
    return value;
}

/// Slurm array variables: the task's place among the numbers from the smallest one to the largest.
Shard scheduler_shard() {
    const auto id = number(std::getenv("SLURM_ARRAY_TASK_ID"));
    const auto first = number(std::getenv("SLURM_ARRAY_TASK_MIN"));
    const auto last = number(std::getenv("SLURM_ARRAY_TASK_MAX"));
    const auto step = number(std::getenv("SLURM_ARRAY_TASK_STEP"));
    const auto count = number(std::getenv("SLURM_ARRAY_TASK_COUNT"));
    if (!id || !first || !last || !step || !count || *step < 1) {
        throw usage_error(
            "--shard auto: no scheduler array here (SLURM_ARRAY_TASK_ID, _MIN, _MAX, _STEP and "
            "_COUNT are not set); write --shard i/n");
    }
    // Of --array=3,17 Slurm says only the smallest, the largest and how many: neither a task's
    // place nor the number of shards that are meant.
    if ((*last - *first) / *step + 1 != *count || (*id - *first) % *step != 0) {
        throw usage_error(fmt::format(
            "--shard auto: the scheduler's array has gaps ({} tasks between {} and {}), "
            "so its numbers do not say which shard task {} is; write --shard i/n",
            *count, *first, *last, *id));
    }
    return {(*id - *first) / *step, *count};
}

}  // namespace

Shard parse_shard(const std::string& text) {
    Shard shard;
    if (text.empty()) {
        return shard;
    }
    if (text == "auto") {
        shard = scheduler_shard();
    } else {
        const std::size_t slash = text.find('/');
        const std::string which = text.substr(0, slash);
        const auto index = which == "any" ? std::optional<int>(Shard::any) : number(which.c_str());
        const auto count =
            slash == std::string::npos ? std::nullopt : number(text.substr(slash + 1).c_str());
        if (!index || !count) {
            throw usage_error(
                fmt::format("--shard {}: write i/n, for example 0/4, any/n, or auto", text));
        }
        shard = {*index, *count};
    }
    const bool any = text.starts_with("any/") && shard.count >= 1;
    if (!any && (shard.count < 1 || shard.index < 0 || shard.index >= shard.count)) {
        throw usage_error(
            fmt::format("--shard {}/{}: i runs from 0 to n-1", shard.index, shard.count));
    }
    return shard;
}

}  // namespace shoal
