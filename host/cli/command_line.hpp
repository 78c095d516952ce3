// SPDX-License-Identifier: MIT
#pragma once

namespace shoal {

/// The whole program: parses the command line, runs the subcommand, turns every error into one or
/// two lines on stderr and an exit code (core/error.hpp). Tests call it in process.
int run_command_line(int argc, const char* const* argv);

}  // namespace shoal
