// SPDX-License-Identifier: MIT
// The real program with faults of the disk injected (tests/support/fault_injector.cpp): single
// cases of what tools/torture tries by the thousand.
#include "test_cli_program.hpp"

namespace shoal::test {
namespace {

/// Calls as the injector numbers them.
enum Call { write_call, sync_call, rename_call, open_call, lock_call, remove_call };

class Faults : public CommandLine {
  protected:
    Faults() { run("whole"); }
    ~Faults() override {
        for (const char* name : {"LD_PRELOAD", "SHOAL_FAULTS"}) {
            unsetenv(name);
        }
    }

    /// The small run in r, under a plan of the injector; its output is in output.txt.
    static int run_under(const std::string& plan, const std::string& option = "--resume") {
        write("counters", std::string(64, '\0'));
        fs::create_directory("journal");
        setenv("LD_PRELOAD", SHOAL_FAULT_INJECTOR, 1);
        setenv("SHOAL_FAULTS", plan.c_str(), 1);
        setenv("SHOAL_FAULTS_FOLDER", out().c_str(), 1);
        setenv("SHOAL_FAULTS_COUNTERS", fs::absolute("counters").c_str(), 1);
        setenv("SHOAL_FAULTS_JOURNAL", fs::absolute("journal").c_str(), 1);
        const int status = Program({"run", "small.yaml", "--out", out(), "--quiet", option}).wait();
        unsetenv("LD_PRELOAD");
        return status;
    }
    static int run_failing(Call call, int error, int at, bool once,
                           const std::string& option = "--resume") {
        return run_under("fail " + std::to_string(call) + " " + std::to_string(error) + " " +
                             std::to_string(at) + (once ? " 1" : " 0"),
                         option);
    }
    static std::string out() { return fs::absolute("r").string(); }
    static std::uint64_t faults() {
        const std::string counters = read_text_file("counters");
        std::uint64_t count = 0;
        std::memcpy(&count, counters.data() + 48, sizeof count);
        return count;
    }
    static void expect_error(int status, int error) {
        EXPECT_EQ(status, 3) << output();
        EXPECT_EQ(lines(output()), 1u) << output();
        expect_contains(output(), out());
        expect_contains(output(), std::strerror(error));
    }
};

TEST_F(Faults, AWriteThatFailsOnceIsNotOverlooked) {
    int at = 1;
    for (;; at += 2) {
        SCOPED_TRACE(at);
        fs::remove_all("r");
        const int status = run_failing(write_call, EIO, at, true);
        if (faults() == 0) {
            break;
        }
        if (status == 0) {
            expect_same_results("whole", "r");
        } else {
            expect_error(status, EIO);
        }
    }
    EXPECT_GT(at, 100);
}

TEST_F(Faults, AFullDiskIsToldInOneLine) {
    for (const int at : {1, 5, 20, 60, 100}) {
        SCOPED_TRACE(at);
        fs::remove_all("r");
        expect_error(run_failing(write_call, ENOSPC, at, false), ENOSPC);
        run("r", {"--resume"});
        expect_same_results("whole", "r");
    }
}

TEST_F(Faults, WhatCannotBeOpenedIsToldWithTheReason) {
    for (int at = 1; at < 60; at += 4) {
        SCOPED_TRACE(at);
        fs::remove_all("r");
        if (const int status = run_failing(open_call, EMFILE, at, true); status != 0) {
            expect_error(status, EMFILE);
        }
    }
}

TEST_F(Faults, ShortAndInterruptedCallsAreNoErrors) {
    for (const char* plan : {"rough 1", "rough 2", "rough 3"}) {
        fs::remove_all("r");
        EXPECT_EQ(run_under(plan), 0) << output();
        EXPECT_GT(faults(), 100u);
        expect_same_results("whole", "r");
    }
}

TEST_F(Faults, AFolderThatCannotBeLockedIsNotAnotherProcess) {
    expect_error(run_failing(lock_call, ENOLCK, 1, true), ENOLCK);
    expect_contains(output(), "cannot be locked");
}

TEST_F(Faults, AForceThatIsCutShortLeavesNoFinishedRun) {
    for (int at = 1; at <= 8; ++at) {
        SCOPED_TRACE(at);
        fs::remove_all("r");
        fs::copy("whole", "r", fs::copy_options::recursive);
        // The second is the report's folder, which may stay.
        EXPECT_EQ(run_failing(remove_call, EIO, at, true, "--force"), at == 2 ? 0 : 3) << output();
        run("r", {"--resume"});
        expect_same_results("whole", "r");
        EXPECT_TRUE(fs::exists("r/report/index.html"));
    }
}

TEST_F(Faults, NewFoldersAreFlushed) {
    EXPECT_EQ(run_under("none"), 0) << output();
    const std::string journal = read_text_file("journal/journal");
    for (const std::string& folder : {out() + "/checkpoint", out() + "/report"}) {
        expect_contains(journal, "name 0 " + folder + "\nfolder " + out() + "\n");
    }
}

}  // namespace
}  // namespace shoal::test
