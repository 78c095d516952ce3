// SPDX-License-Identifier: MIT
// Names and links that would lead out of a run's folder, or make a terminal do things.
#include "test_cli_support.hpp"

namespace shoal::test {
namespace {

/// Every path below a folder, with the content of files.
std::map<std::string, std::string> content_of(const fs::path& folder) {
    std::map<std::string, std::string> content;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        content[entry.path().string()] =
            entry.is_regular_file() ? read_text_file(entry.path()) : std::string();
    }
    return content;
}

class Hostile : public CommandLine {
  protected:
    Hostile() {
        fs::create_directory("elsewhere");
        write("elsewhere/index.html", "mine");
        write("elsewhere/active-000000000000.bin", "mine");
        write("elsewhere/x.tmp-1", "mine");
        before_ = content_of("elsewhere");
    }
    void expect_untouched() const { EXPECT_EQ(content_of("elsewhere"), before_); }

  private:
    std::map<std::string, std::string> before_;
};

TEST_F(Hostile, NamesDoNotLeadOutOfTheFolderOfRuns) {
    for (const char* name : {"../escaped", "/tmp/escaped", "a/../../escaped", "..", "\"a\\nb\"",
                             "\"a\\0b\"", "\"\\e[31m\""}) {
        const auto outcome = shoal({"run", "small.yaml", "--set", std::string("name=") + name});
        EXPECT_EQ(outcome.status, 2) << name;
        EXPECT_EQ(outcome.err.find('\x1b'), std::string::npos) << outcome.err;
    }
    EXPECT_FALSE(fs::exists("runs"));
    EXPECT_FALSE(fs::exists(folder_.parent_path() / "escaped"));
}

TEST_F(Hostile, FoldersOfARunThatAreLinksAreRefused) {
    run("r");
    for (const char* folder : {"r/checkpoint", "r/report"}) {
        fs::remove_all(folder);
        fs::create_directory_symlink(fs::absolute("elsewhere"), folder);
        for (const std::vector<std::string>& arguments :
             {std::vector<std::string>{"run", "small.yaml", "--out", "r", "--force"},
              {"run", "small.yaml", "--out", "r", "--resume"},
              {"train", "small.yaml", "--out", "r", "--resume"},
              {"analyze", "r"},
              {"report", "r"}}) {
            const auto outcome = shoal(arguments);
            EXPECT_EQ(outcome.status, 3) << arguments[0] << ' ' << folder << '\n' << outcome.err;
            expect_contains(outcome.err, std::string(folder) + ": is a link");
        }
        expect_untouched();
        fs::remove(folder);
    }
}

TEST_F(Hostile, FilesOfARunThatAreLinksAreReplaced) {
    run("r");
    for (const char* file : {"population.h5", "analysis.h5", "population.csv", "manifest.json",
                             "config.yaml", "report/index.html", "shares.csv"}) {
        fs::remove(fs::path("r") / file);
        fs::create_symlink(fs::absolute("elsewhere/index.html"), fs::path("r") / file);
    }

    run("r", {"--force"});

    expect_untouched();
    EXPECT_TRUE(fs::is_regular_file(fs::symlink_status("r/population.h5")));
    EXPECT_TRUE(fs::is_regular_file(fs::symlink_status("r/report/index.html")));
}

TEST_F(Hostile, TheLockIsNoLink) {
    fs::create_directory("r");
    fs::create_symlink(fs::absolute("elsewhere/lock"), "r/.lock");
    EXPECT_EQ(shoal({"run", "small.yaml", "--out", "r"}).status, 3);
    expect_untouched();
}

TEST_F(Hostile, TerminalsAreNotSentWhatNamesHold) {
    const std::string red = "\x1b[31m\xc2\x9b[31m\a\xff.yaml";
    write(red, "nmae: 1\n");
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"run", red},
          {"run", "absent" + red},
          {"analyze", red},
          {red},
          {"run", "small.yaml", "--set", red},
          {"simulate", "--weights", red, "--inputs", red, "--out", "o.h5"}}) {
        const auto outcome = shoal(arguments);
        EXPECT_NE(outcome.status, 0);
        for (const char* bad : {"\x1b", "\xc2\x9b", "\a", "\xff"}) {
            EXPECT_EQ(outcome.err.find(bad), std::string::npos) << arguments[0];
            EXPECT_EQ(outcome.out.find(bad), std::string::npos) << arguments[0];
        }
    }
}

TEST_F(Hostile, FoldersThatAreNoUtf8AreWrittenAsJson) {
    const auto outcome = shoal({"train", "small.yaml", "--out", "r\xe9", "--quiet", "--json"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    expect_contains(outcome.out, "\"trained\"");
}

}  // namespace
}  // namespace shoal::test
