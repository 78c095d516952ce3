// SPDX-License-Identifier: MIT
// head-direction: a heading held without a ring attractor.
#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <string>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "core/file.hpp"
#include "core/parallel.hpp"
#include "papers/head_direction.hpp"
#include "store/described_tables.hpp"
#include "store/hdf5_write.hpp"

namespace shoal {
namespace {

struct CommandOptions {
    HeadDirectionOptions run;
    std::string out;
};

void write_result(const std::string& path, const HeadDirectionResult& result) {
    replace_file(path, [&](const std::filesystem::path& temporary) {
        hdf5::WriteFile file(temporary, path);
        hdf5::WriteGroup root = file.root();
        root.dimension("comparison", 1);
        write_columns(root, record_type<HeadDirectionResult>().fields, {&result},
                      {"comparison", {}});
        RecordRows rows;
        for (const HeadingCurve& curve : result.curves) {
            rows.push_back(&curve);
        }
        hdf5::WriteGroup curves = root.group("curves");
        curves.dimension("curve", rows.size());
        write_columns(curves, record_type<HeadingCurve>().fields, rows, {"curve", {}});
        file.close();
    });
}

std::string text(const SeedMean& value, bool measured = true) {
    if (!measured || std::isnan(value.mean)) {
        return "-";
    }
    return fmt::format("{:.2g} [{:.2g}, {:.2g}]", value.mean, value.low, value.high);
}

void compare(const CommandOptions& options) {
    HeadDirectionOptions run = options.run;
    run.threads = run.threads > 0 ? run.threads : available_threads();
    const HeadDirectionResult result = run_head_direction(run);
    fmt::print(
        "{} headings held for {:g}, {} seeds; ring of {} units, oscillators of {}.\n"
        "Following a velocity without perturbation: ring off by {:.2g} rad, oscillators by "
        "{:.2g}.\n"
        "{:<12} {:<12} {:>5}  {:<28} {:<22} {:<22} {:<22}\n",
        result.headings, result.hold, result.seeds, result.ring_units, result.oscillator_units,
        result.ring_error, result.oscillator_error, "network", "perturbed", "size",
        "drift, rad per time", "end states", "share wandering", "separation kept");
    for (const HeadingCurve& curve : result.curves) {
        const bool ends = curve.end_states.mean >= 0.0;
        fmt::print("{:<12} {:<12} {:>5g}  {:<28} {:<22} {:<22} {:<22}\n", name_of(curve.network),
                   name_of(curve.perturbation), curve.size, text(curve.drift),
                   text(curve.end_states, ends), text(curve.wandering, ends),
                   text(curve.separation));
    }
    if (!result.limits.empty()) {
        fmt::print("{}\n", result.limits);
    }
    if (!options.out.empty()) {
        write_result(options.out, result);
        fmt::print("curves in {}\n", options.out);
    }
}

}  // namespace

void add_head_direction_command(CLI::App& app) {
    const auto options = std::make_shared<CommandOptions>();
    options->run.key = {1, 0};
    options->run.threads = 0;
    CLI::App* command = add_command<CommandOptions>(
        app, "head-direction",
        "A heading held by two oscillators, and by a ring attractor, under equal perturbation",
        options,
        "  shoal head-direction\n"
        "  shoal head-direction --seeds 20 --out headings.h5\n"
        "Noise on every state, relative noise on every weight, and the same norm on every entry\n"
        "of the matrix. Means over seeds with 95 % intervals; --out keeps the error curves.",
        compare);
    command->add_option("--out", options->out, "HDF5 file for the decoded-error curves")
        ->type_name("FILE");
    command->add_option("--seeds", options->run.seeds, "Draws of every perturbation")
        ->check(CLI::Range(2, 10000))
        ->capture_default_str();
    command->add_option("--headings", options->run.headings, "Headings, evenly over the circle")
        ->check(CLI::Range(4, 1000))
        ->capture_default_str();
    command->add_option("--ring-units", options->run.ring_units, "Units of the ring attractor")
        ->check(CLI::Range(8, 2000))
        ->capture_default_str();
    command->add_option("--hold", options->run.hold, "Time that headings are held")
        ->check(CLI::Range(10.0, 1e5))
        ->capture_default_str();
    command->add_option("--seed", options->run.key.seed, "Seed of all draws")
        ->capture_default_str();
    command->add_option("--threads", options->run.threads, "Threads (default: all processors)")
        ->check(CLI::PositiveNumber);
}

}  // namespace shoal
