// SPDX-License-Identifier: MIT
// Which backend runs, and what is loaded for it: the real program, with no GPU visible to it. The
// CUDA library may have been built or not, and the machine may have a driver or not.
#include <sys/wait.h>

#include "test_cli_support.hpp"

namespace shoal::test {
namespace {

const std::string train_on = " train small.yaml --quiet --backend ";

class BackendChoice : public CommandLine {
  protected:
    /// Runs `settings program arguments` in a shell; stdout and stderr go to err.
    static Outcome run_program(const std::string& settings, const std::string& arguments,
                               const std::string& program = SHOAL_PROGRAM) {
        const std::string command = "CUDA_VISIBLE_DEVICES= " + settings + " '" + program + "' " +
                                    arguments + " > output.txt 2>&1";
        const int status = std::system(command.c_str());
        return {WIFEXITED(status) ? WEXITSTATUS(status) : 1000, "", read_text_file("output.txt")};
    }

    static void expect_device_error(const Outcome& outcome, const std::string& reason) {
        EXPECT_EQ(outcome.status, 4);
        EXPECT_EQ(lines(outcome.err), 1u) << outcome.err;
        expect_contains(outcome.err, "--backend cuda: ");
        expect_contains(outcome.err, reason);
        expect_contains(outcome.err, "use --backend cpu or auto");
        EXPECT_FALSE(fs::exists("runs"));
    }

    /// Every file that the dynamic linker opened or was asked for.
    static std::string loaded(const std::string& settings, const std::string& arguments) {
        run_program(settings + " LD_DEBUG=files LD_DEBUG_OUTPUT=loaded", arguments);
        std::string all;
        for (const auto& entry : fs::directory_iterator(".")) {
            if (entry.path().filename().string().starts_with("loaded.")) {
                all += read_text_file(entry.path());
                fs::remove(entry.path());
            }
        }
        return all;
    }
};

TEST_F(BackendChoice, NoDeviceIsADeviceError) {
    for (const char* command : {"run", "train"}) {
        expect_device_error(run_program("", std::string(command) + " small.yaml --backend cuda"),
                            "");
    }
}

TEST_F(BackendChoice, NotBuiltIsADeviceErrorNamingTheOption) {
    fs::copy_file(SHOAL_PROGRAM, "alone");  // where no library stands beside it
    expect_device_error(run_program("", train_on + "cuda", "./alone"), "CMake option SHOAL_CUDA");
}

TEST_F(BackendChoice, LibraryThatCannotBeLoadedIsADeviceErrorNamingIt) {
    write("damaged.so", "not a library");
    for (const char* library : {"./damaged.so", "/absent/libshoal_cuda.so"}) {
        expect_device_error(
            run_program(std::string("SHOAL_CUDA_LIBRARY=") + library, train_on + "cuda"), library);
    }
}

TEST_F(BackendChoice, AutoFallsBackToTheCpuAndSaysWhy) {
    const Outcome outcome = run_program("", "train small.yaml --backend auto");
    EXPECT_EQ(outcome.status, 0);
    expect_contains(outcome.err, "backend auto: cpu, because ");
}

TEST_F(BackendChoice, CpuRunLoadsNothingOfCuda) {
    const std::string library = "SHOAL_CUDA_LIBRARY=/absent/libshoal_cuda.so";
    // The log would show it:
    expect_contains(loaded(library, train_on + "cuda"), "libshoal_cuda");

    const std::string log = loaded(library, train_on + "cpu");

    EXPECT_TRUE(fs::exists("runs/small/population.h5"));
    expect_contains(log, "libc.so");
    for (const char* name : {"libcuda", "libcublas", "libshoal_cu", "libnvidia"}) {
        EXPECT_EQ(log.find(name), std::string::npos) << name;
    }
}

}  // namespace
}  // namespace shoal::test
