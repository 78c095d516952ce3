// SPDX-License-Identifier: MIT
// Exit codes, messages, help: what other programs and new users rely on.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/options.hpp"
#include "test_cli_support.hpp"

namespace shoal::test {
namespace {

struct Command {
    std::vector<std::string> words;  ///< {"bench", "force"} of `shoal bench force`
    std::string description;
    std::vector<std::string> described_options;  ///< "--out: File to write"

    std::string name() const {
        std::string text;
        for (const std::string& word : words) {
            text += (text.empty() ? "" : " ") + word;
        }
        return text;
    }
    std::vector<std::string> with(const std::string& option) const {
        std::vector<std::string> arguments = words;
        arguments.push_back(option);
        return arguments;
    }
    Command above() const { return {{words.begin(), words.end() - 1}, "", {}}; }
};

void collect(const nlohmann::json& described, const std::vector<std::string>& above,
             std::vector<Command>& found) {
    for (const auto& each : described.at("commands")) {
        Command command{above, each.at("description").get<std::string>(), {}};
        command.words.push_back(each.at("name").get<std::string>());
        for (const auto& option : each.at("options")) {
            command.described_options.push_back(option.at("names").back().get<std::string>() +
                                                ": " + option.at("description").get<std::string>());
        }
        found.push_back(command);
        collect(each, command.words, found);
    }
}

/// Every command that the program says it has.
std::vector<Command> all_commands() {
    const Outcome outcome = shoal({"describe-command-line"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    std::vector<Command> found;
    collect(nlohmann::json::parse(outcome.out), {}, found);
    EXPECT_FALSE(found.empty());
    return found;
}

// The examples of a command below another one may stand in the other one's help.
TEST_F(CommandLine, HelpOfEveryCommandHasExamples) {
    for (const Command& command : all_commands()) {
        SCOPED_TRACE(command.name());
        const Outcome help = shoal(command.with("--help"));
        EXPECT_EQ(help.status, 0);
        EXPECT_EQ(help.err, "");
        const std::string above = shoal(command.above().with("--help")).out;
        expect_contains(above, "  " + command.words.back() + " ");
        const std::string examples = command.words.size() > 1 ? help.out + above : help.out;
        expect_contains(examples, "Examples:\n");
        expect_contains(examples.substr(examples.find("Examples:\n")), "shoal " + command.name());
        EXPECT_NE(command.description, "");
        for (const std::string& option : command.described_options) {
            EXPECT_FALSE(option.ends_with(": ")) << option << "nothing says what it does";
        }
    }
    const Outcome help = shoal({"--help"});
    EXPECT_EQ(help.status, 0);
    expect_contains(help.out, "Examples:\n");
    expect_contains(help.out, "Exit codes");
}

TEST_F(CommandLine, Version) {
    const Outcome version = shoal({"--version"});

    EXPECT_EQ(version.status, 0);
    EXPECT_TRUE(version.out.starts_with("shoal ")) << version.out;
}

TEST_F(CommandLine, UnknownOptionsAndCommandsAreUsageErrors) {
    for (const Command& command : all_commands()) {
        SCOPED_TRACE(command.name());
        const Outcome outcome = shoal(command.with("--no-such-option"));
        EXPECT_EQ(outcome.status, 2);
        EXPECT_NE(outcome.err, "");
        EXPECT_EQ(outcome.out, "");
    }
    EXPECT_EQ(shoal({}).status, 2);
    EXPECT_EQ(shoal({"swim"}).status, 2);
}

TEST_F(CommandLine, BadOptionValuesAreUsageErrors) {
    const std::vector<std::vector<std::string>> bad = {
        {"--backend", "gpu"},
        {"--precision", "fp16"},
        {"--threads", "0"},
        {"--threads", "many"},
        {"--max-hours", "-1"},
        {"--max-hours", "soon"},
        {"--checkpoint-seconds", "-1"},
        {"--max-memory", "lots"},
        {"--max-memory", "-3G"},
        {"--max-memory", "0"},
        {"--max-memory", "1e400"},
        {"--shard", "4/4"},
        {"--shard", "-1/4"},
        {"--shard", "1"},
        {"--shard", "1/0"},
        {"--shard", "a/b"},
        {"--shard", "auto"},
        {"--device", "-1"},
        {"--set", "network.gain"},
        {"--set", "network.gian=1.0"},
        {"--set", "network.units=many"},
        {"--resume", "--force"},
    };
    unsetenv("SLURM_ARRAY_TASK_ID");
    for (const auto& options : bad) {
        std::vector<std::string> arguments = {"run", "small.yaml"};
        arguments.insert(arguments.end(), options.begin(), options.end());
        SCOPED_TRACE(options.front() + " " + options.back());
        const Outcome outcome = shoal(arguments);
        EXPECT_EQ(outcome.status, 2);
        expect_contains(outcome.err, options.front());
        EXPECT_LE(lines(outcome.err), 2u) << outcome.err;
        EXPECT_FALSE(fs::exists("runs")) << "something was started";
    }
}

TEST_F(CommandLine, EmptyShardStartsNothing) {
    const Outcome empty = shoal({"run", "small.yaml", "--shard", "12/13"});
    EXPECT_EQ(empty.status, 2);
    expect_contains(empty.err, "shard 12/13 is empty; the configuration has 12 networks");
    EXPECT_FALSE(fs::exists("runs"));
}

TEST_F(CommandLine, ConfigMistakesNameTheirPlace) {
    write("bad.yaml", "name: bad\nnetwork:\n  unitz: 30\ntraining: {trials: -2}\n");

    const Outcome outcome = shoal({"run", "bad.yaml"});

    EXPECT_EQ(outcome.status, 2);
    expect_contains(outcome.err, "bad.yaml:3:3: unknown key");
    expect_contains(outcome.err, "'units'");
    expect_contains(outcome.err, "bad.yaml:4:");
}

TEST_F(CommandLine, MissingFilesAreFileErrors) {
    write("file.yaml", "task: {kind: file, path: absent.h5}\n");
    const std::vector<std::pair<std::vector<std::string>, std::string>> missing = {
        {{"run", "absent.yaml"}, "absent.yaml"},
        {{"train", "absent.yaml"}, "absent.yaml"},
        {{"run", "absent.yaml", "--dry-run"}, "absent.yaml"},
        {{"task", "absent.yaml", "--out", "t.h5"}, "absent.yaml"},
        {{"analyze", "absent"}, "absent"},
        {{"stats", "absent"}, "absent"},
        {{"report", "absent"}, "absent"},
        {{"export", "absent", "--networks", "all", "--out", "w.h5"}, "absent"},
        {{"simulate", "--weights", "absent.h5", "--out", "s.h5"}, "absent.h5"},
        {{"run", "file.yaml"}, "absent.h5"},
    };
    for (const auto& [arguments, name] : missing) {
        SCOPED_TRACE(arguments.front());
        const Outcome outcome = shoal(arguments);
        EXPECT_EQ(outcome.status, 3) << outcome.err;
        expect_contains(outcome.err, name);
        EXPECT_EQ(outcome.out, "");
    }
    EXPECT_FALSE(fs::exists("absent"));
    EXPECT_FALSE(fs::exists("runs"));
}

TEST_F(CommandLine, TooLittleMemoryNamesTheOption) {
    const Outcome outcome = shoal({"run", "small.yaml", "--max-memory", "2K"});

    EXPECT_EQ(outcome.status, 2);
    expect_contains(outcome.err, "30 units");
    expect_contains(outcome.err, "--max-memory");
}

/// Variables that Slurm sets in a task of an array.
void set_array(int id, int first, int last, int step, int count) {
    setenv("SLURM_ARRAY_TASK_ID", std::to_string(id).c_str(), 1);
    setenv("SLURM_ARRAY_TASK_MIN", std::to_string(first).c_str(), 1);
    setenv("SLURM_ARRAY_TASK_MAX", std::to_string(last).c_str(), 1);
    setenv("SLURM_ARRAY_TASK_STEP", std::to_string(step).c_str(), 1);
    setenv("SLURM_ARRAY_TASK_COUNT", std::to_string(count).c_str(), 1);
}

TEST_F(CommandLine, SchedulerArrayGivesTheShard) {
    set_array(12, 10, 15, 1, 6);

    const Outcome outcome = shoal({"train", "small.yaml", "--shard", "auto", "--quiet"});

    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_TRUE(fs::exists("runs/small.shard-2-of-6/population.h5"));
    EXPECT_EQ(networks_of("runs/small.shard-2-of-6").size(), 2u);
}

TEST_F(CommandLine, SchedulerArrayWithAStepIsCountedInSteps) {
    const auto shard = [] {
        const Shard found = parse_shard("auto");
        return std::pair(found.index, found.count);
    };
    set_array(0, 0, 10, 2, 6);  // --array=0-10:2
    EXPECT_EQ(shard(), std::pair(0, 6));
    set_array(8, 0, 10, 2, 6);
    EXPECT_EQ(shard(), std::pair(4, 6));
    set_array(10, 0, 10, 2, 6);
    EXPECT_EQ(shard(), std::pair(5, 6));
    set_array(7, 1, 10, 3, 4);  // --array=1-12:3
    EXPECT_EQ(shard(), std::pair(2, 4));
    set_array(7, 7, 7, 1, 1);
    EXPECT_EQ(shard(), std::pair(0, 1));
}

TEST_F(CommandLine, SchedulerArrayWithGapsWantsTheShardWritten) {
    for (const int id : {3, 17}) {
        set_array(id, 3, 17, 1, 2);  // --array=3,17
        const Outcome outcome = shoal({"train", "small.yaml", "--shard", "auto", "--quiet"});
        EXPECT_EQ(outcome.status, 2);
        expect_contains(outcome.err, "gaps (2 tasks between 3 and 17)");
        expect_contains(outcome.err, "write --shard i/n");
        EXPECT_LE(lines(outcome.err), 2u) << outcome.err;
    }
    set_array(4, 0, 10, 1, 8);  // --array=0-4,8-10
    EXPECT_EQ(shoal({"train", "small.yaml", "--shard", "auto", "--quiet"}).status, 2);
    EXPECT_FALSE(fs::exists("runs"));
}

TEST_F(CommandLine, InfoAsJson) {
    const Outcome outcome = shoal({"info", "--json"});

    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(lines(outcome.out), 1u);
    const auto info = nlohmann::json::parse(outcome.out);
    EXPECT_EQ(info.at("auto"), info.at("devices").empty() ? "cpu" : "cuda");
    EXPECT_GE(info.at("threads"), 1);
}

/// Runs `action` as a user without rights (root may write anywhere); returns its exit status.
int as_nobody(const std::function<int()>& action) {
    const pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) {
            _exit(100);
        }
        _exit(action());
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 200;
}

TEST_F(CommandLine, ReadOnlyFolders) {
    train("done");
    chmod(folder_.c_str(), 0755);
    fs::create_directory("fixed");
    chmod("fixed", 0555);
    for (const auto& entry : fs::directory_iterator("done")) {
        chmod(entry.path().c_str(), 0444);
    }
    chmod("done", 0555);
    const std::vector<std::vector<std::string>> attempts = {
        {"run", "small.yaml", "--out", "fixed/run"},
        {"run", "small.yaml", "--out", "fixed"},
        {"run", "small.yaml", "--out", "done", "--resume"},
        {"run", "small.yaml", "--out", "done", "--force"},
        {"analyze", "done"},
        {"stats", "done"},
        {"report", "done"},
        {"task", "small.yaml", "--out", "fixed/t.h5"},
        {"export", "done", "--networks", "all", "--out", "fixed/w.h5"},
    };
    for (const auto& arguments : attempts) {
        SCOPED_TRACE(arguments.front() + " " + arguments.back());
        const int status = as_nobody([&] {
            const Outcome outcome = shoal(arguments);
            const bool told = outcome.err.find("ermission denied") != std::string::npos &&
                              lines(outcome.err) <= 2;
            return told ? outcome.status : 50 + outcome.status;
        });
        EXPECT_EQ(status, 3);
    }
    EXPECT_EQ(networks_of("done").size(), 12u);
    chmod("done", 0755);
    chmod("fixed", 0755);
}

}  // namespace
}  // namespace shoal::test
