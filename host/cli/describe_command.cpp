// SPDX-License-Identifier: MIT
// describe-command-line: every command with its options as JSON, from which tools/manual makes the
// manual pages and the shells' completions. Not shown by --help.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "store/manifest.hpp"

namespace shoal {
namespace {

using Json = nlohmann::ordered_json;

std::vector<std::string> names_of(const CLI::Option& option) {
    std::vector<std::string> names;
    for (const std::string& name : option.get_snames()) {
        names.push_back("-" + name);
    }
    for (const std::string& name : option.get_lnames()) {
        names.push_back("--" + name);
    }
    if (names.empty()) {
        names.push_back(option.get_single_name());
    }
    return names;
}

/// The set is ordered by address: sorted, the description is the same every time.
std::vector<std::string> sorted_names(const std::set<CLI::Option*>& options) {
    std::vector<std::string> names;
    for (const CLI::Option* option : options) {
        names.push_back(names_of(*option).back());
    }
    std::sort(names.begin(), names.end());
    return names;
}

/// What CLI11 shows behind an option's name: TYPE, TYPE:{one,other} or TYPE:what is checked.
void describe_value(const CLI::Option& option, Json& out) {
    const std::string shown = option.get_type_name();
    const std::size_t colon = std::min(shown.find(':'), shown.size());
    out["type"] = shown.substr(0, colon);
    std::string check = shown.substr(std::min(colon + 1, shown.size()));
    if (check.starts_with('{')) {
        out["values"] = CLI::detail::split(check.substr(1, check.size() - 2), ',');
    } else if (!check.empty()) {
        out["check"] = check;
    }
    if (!option.get_default_str().empty()) {
        out["default"] = option.get_default_str();
    }
}

Json describe(const CLI::Option& option) {
    Json out = {{"names", names_of(option)},
                {"description", option.get_description()},
                {"positional", !option.nonpositional()},
                {"required", option.get_required()},
                {"repeatable", option.get_items_expected_max() > 1}};
    if (option.get_items_expected_max() > 0) {
        describe_value(option, out);
    }
    out["needs"] = sorted_names(option.get_needs());
    out["excludes"] = sorted_names(option.get_excludes());
    return out;
}

bool is_shown(const CLI::App* command) {
    return !command->get_group().empty();
}

Json describe(const CLI::App& command) {
    Json out = {{"name", command.get_name()},
                {"description", command.get_description()},
                {"footer", command.get_footer()},
                {"options", Json::array()},
                {"commands", Json::array()}};
    for (const CLI::Option* option : command.get_options()) {
        out["options"].push_back(describe(*option));
    }
    for (const CLI::App* below : command.get_subcommands(is_shown)) {
        out["commands"].push_back(describe(*below));
    }
    return out;
}

}  // namespace

void add_describe_command(CLI::App& app) {
    CLI::App* command =
        app.add_subcommand("describe-command-line", "This program's commands as JSON");
    command->group("");
    command->callback([&app] {
        Json out = describe(app);
        out["version"] = program_version();
        fmt::print("{}\n", out.dump(1));
    });
}

}  // namespace shoal
