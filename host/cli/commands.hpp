// SPDX-License-Identifier: MIT
// Subcommands: each adds itself to the command line with its options, help and examples.
#pragma once

#include <CLI/CLI.hpp>

namespace shoal {

void add_commands(CLI::App& app);      ///< all of them, and what --help says of the program
void add_run_commands(CLI::App& app);  ///< run, train
void add_reproduce_command(CLI::App& app);
void add_stage_commands(CLI::App& app);     ///< analyze, stats, report
void add_exchange_commands(CLI::App& app);  ///< task, simulate, export
void add_adjoint_command(CLI::App& app);
void add_head_direction_command(CLI::App& app);
void add_bench_command(CLI::App& app);
void add_info_command(CLI::App& app);
void add_describe_command(CLI::App& app);  ///< describe-command-line, hidden

}  // namespace shoal
