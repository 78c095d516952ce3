// SPDX-License-Identifier: MIT
// Options that several subcommands share.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.hpp"

namespace shoal {

/// A subcommand whose options live in `options`, with examples in its help.
template <typename Options>
CLI::App* add_command(CLI::App& app, const char* name, const char* description,
                      const std::shared_ptr<Options>& options, const char* examples,
                      std::function<void(const Options&)> action) {
    CLI::App* command = app.add_subcommand(name, description);
    command->footer(std::string("Examples:\n") + examples);
    command->callback([options, action] { action(*options); });
    return command;
}

struct ComputeOptions {
    std::string backend = "auto";
    std::string precision;  ///< empty: the command's default
    int threads = 0;
    std::optional<int> device;
};
enum class Precisions {
    plain,            ///< fp32, fp64
    narrow_products,  ///< tf32 and bf16 too
};
/// --backend, --precision, --threads, --device.
void add_compute_options(CLI::App& command, ComputeOptions& options, const char* default_precision,
                         Precisions precisions = Precisions::plain);
/// `note` receives the line that says which backend auto chose. Only cuda has tf32 and bf16: asking
/// for them elsewhere is a usage error.
std::unique_ptr<Backend> open_backend(const ComputeOptions& options, Precision default_precision,
                                      std::string* note = nullptr);
Precision precision_of(const ComputeOptions& options, Precision default_precision);

/// Bytes from "8G", "500M", "1.5GiB", or a plain number of bytes.
std::uint64_t parse_bytes(const std::string& text);

/// Shard `index` of `count`.
struct Shard {
    static constexpr int any = -1;
    int index = 0;  ///< any: one after the other, those that no other process works on
    int count = 1;
};
/// A usage error if `out`, which a command writes, is one of the files that it reads ("": none).
void require_other_file(const std::string& out, const std::vector<std::string>& read);

/// A word as a shell reads it back.
std::string quoted(const std::string& word);

/// "i/n" with 0 <= i < n, "any/n", "auto" (the scheduler's array variables), or "": the whole.
Shard parse_shard(const std::string& text);

}  // namespace shoal
