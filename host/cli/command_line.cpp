// SPDX-License-Identifier: MIT
#include "cli/command_line.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <iostream>
#include <new>
#include <sstream>
#include <thread>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "core/error.hpp"
#include "core/stop.hpp"
#include "core/text.hpp"
#include "ranks/ranks.hpp"
#include "store/manifest.hpp"

namespace shoal {
namespace {

int code(ExitCode value) {
    return static_cast<int>(value);
}

/// Names of files and texts in them may hold anything, and a terminal obeys what it is sent.
void print_error(std::string_view message) {
    fmt::print(stderr, "{}\n", printable(message));
}

/// Of what every rank of mpirun would say: whether this one says it. The first one does. The
/// launcher ends all of them once one has gone with an exit code, so the others stay until it has
/// spoken; one that nobody ends within 10 s has made a mistake of its own, and says so.
bool says_for_all(bool stopped = false) {
    if (launched_rank() == 0) {
        return true;
    }
    if (stopped) {  // all ranks were, and the launcher leaves the first one another second
        std::this_thread::sleep_for(std::chrono::seconds(1));
        return false;
    }
    for (int i = 0; i < 100 && !stop_requested(); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return !stop_requested();
}

/// A launcher that is stopped kills its processes a second later, and passes nothing on then.
constexpr std::chrono::milliseconds launched_grace{500};

/// What a StopWatch prints: the first rank's words alone, which the others give a while.
void print_last_words(const std::string& message) {
    if (launched_rank() != 0) {
        std::this_thread::sleep_for(last_words);
    } else {
        print_error(fmt::format("{}shoal: {}", ::isatty(STDERR_FILENO) == 1 ? "\n" : "", message));
    }
}

/// The command line as a shell reads it.
std::string typed(int argc, const char* const* argv) {
    std::string command = "shoal";
    for (int i = 1; i < argc; ++i) {
        command += " " + quoted(argv[i]);
    }
    return command;
}

}  // namespace

void add_commands(CLI::App& app) {
    app.name("shoal");
    app.description(
        "shoal trains thousands of small recurrent networks at once and finds how each one "
        "remembers.");
    app.set_version_flag("--version", "shoal " + program_version());
    app.require_subcommand(1);
    app.get_formatter()->column_width(34);
    app.footer(
        "Examples:\n"
        "  shoal run configs/quickstart.yaml               the whole job, results in "
        "runs/quickstart\n"
        "  shoal run configs/quickstart.yaml --dry-run     what it will take; starts nothing\n"
        "  shoal run configs/quickstart.yaml --resume      go on after an interruption\n"
        "Exit codes: 0 done, 2 bad usage or configuration, 3 bad or damaged file, 4 device,\n"
        "5 interrupted, what was finished is kept, 1 anything else.");
    add_run_commands(app);
    add_reproduce_command(app);
    add_stage_commands(app);
    add_exchange_commands(app);
    add_adjoint_command(app);
    add_head_direction_command(app);
    add_bench_command(app);
    add_info_command(app);
    add_describe_command(app);
}

int run_command_line(int argc, const char* const* argv) {
    CLI::App app;
    add_commands(app);
    catch_stop_signals();
    try {
        const StopWatch watch(typed(argc, argv), print_last_words,
                              launched_count() > 1 ? launched_grace : stop_grace);
        app.parse(argc, argv);
        return code(ExitCode::done);
    } catch (const CLI::ParseError& error) {
        // Help and version requests come this way too, with exit code 0.
        if (error.get_exit_code() == 0) {
            return launched_rank() == 0 ? app.exit(error) : 0;
        }
        if (says_for_all()) {
            std::ostringstream problem;
            app.exit(error, std::cout, problem);
            fmt::print(stderr, "{}", printable(problem.str()));
        }
        return code(ExitCode::usage);
    } catch (const Error& error) {
        const bool stopped = error.code() == ExitCode::interrupted;
        const bool alike = error.code() == ExitCode::usage || stopped;
        if (!alike || says_for_all(stopped)) {
            print_error(fmt::format("shoal: {}", error.what()));
        }
        return code(error.code());
    } catch (const std::filesystem::filesystem_error& error) {
        print_error(fmt::format("shoal: {}: {}", error.path1().string(), error.code().message()));
        return code(ExitCode::file);
    } catch (const std::bad_alloc&) {
        fmt::print(stderr, "shoal: out of memory; limit the wave with --max-memory\n");
        return code(ExitCode::failure);
    } catch (const std::exception& error) {
        print_error(fmt::format("shoal: {}", error.what()));
        return code(ExitCode::failure);
    }
}

}  // namespace shoal
