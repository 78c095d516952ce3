// SPDX-License-Identifier: MIT
// Argument vectors, one argument per NUL-terminated text. Subcommands are parsed but not run.
#include "cli/command_line.hpp"

#include <vector>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "target.hpp"

using namespace shoal;

namespace {

struct Understood {};

void parse(const std::vector<const char*>& arguments) {
    CLI::App app;
    add_commands(app);
    for (CLI::App* command : app.get_subcommands({})) {
        // Before the command itself, whose callback owns the options and so must stay.
        command->parse_complete_callback([] { throw Understood(); });
    }
    try {
        app.parse(static_cast<int>(arguments.size()), arguments.data());
    } catch (const Understood&) {
    } catch (const CLI::Success&) {
        app.help("", CLI::AppFormatMode::All);
    } catch (const CLI::ParseError& error) {
        fuzz::require(error.get_exit_code() != 0, "a wrong command line is no success");
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::vector<std::string> texts = {"shoal"};
    for (std::string_view rest = fuzz::text_of(data, size); !rest.empty();) {
        const std::size_t end = std::min(rest.find('\0'), rest.size());
        texts.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    std::vector<const char*> arguments;
    for (const std::string& text : texts) {
        arguments.push_back(text.c_str());
        fuzz::answers([&] { parse_bytes(text); });
        fuzz::answers([&] { parse_shard(text); });
        fuzz::require(quoted(text).size() >= text.size(), "quoting drops nothing");
    }
    parse(arguments);
    return 0;
}
