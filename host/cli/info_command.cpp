// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "store/manifest.hpp"

namespace shoal {

void add_info_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("info", "Program, backends and this machine");
    const auto json = std::make_shared<bool>(false);
    command->add_flag("--json", *json, "Print as JSON");
    command->footer("Examples:\n  shoal info\n  shoal info --json");
    command->callback([json] {
        const auto cpu = make_backend("auto", {Precision::fp32, 0, 0});
        const nlohmann::ordered_json out = {{"version", program_version()},
                                            {"compiler", fmt::format("g++ {}", __VERSION__)},
                                            {"backends", {"reference", "cpu"}},
                                            {"auto", cpu->name()},
                                            {"instruction_set", cpu->instruction_set()},
                                            {"threads", cpu->threads()},
                                            {"devices", nlohmann::json::array()}};
        if (*json) {
            fmt::print("{}\n", out.dump());
            return;
        }
        fmt::print("shoal {}, built with {}\n", program_version(), std::string(out["compiler"]));
        fmt::print("backends   reference, cpu (cuda: not part of this version)\n");
        fmt::print("auto       {} with {}, {} thread(s)\n", cpu->name(), cpu->instruction_set(),
                   cpu->threads());
        fmt::print("GPUs       none used\n");
    });
}

}  // namespace shoal
