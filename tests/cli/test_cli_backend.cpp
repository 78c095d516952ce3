// SPDX-License-Identifier: MIT
// Which backend runs, and what is loaded for it: the real program, with no GPU visible to it. The
// CUDA library may have been built or not, and the machine may have a driver or not.
#include <sys/wait.h>

#include <nlohmann/json.hpp>

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

TEST_F(BackendChoice, AutoFallsBackToTheCpuInOneShortLine) {
    const Outcome outcome = run_program("", "train small.yaml --backend auto");
    EXPECT_EQ(outcome.status, 0);
    const std::size_t at = outcome.err.find("backend auto: cpu");
    ASSERT_NE(at, std::string::npos) << outcome.err;
    EXPECT_LE(outcome.err.find('\n', at) - at, 80u) << outcome.err;
    EXPECT_EQ(outcome.err.find("libshoal"), std::string::npos) << outcome.err;
}

TEST_F(BackendChoice, AutoSaysWhyItFallsBackWhereALibraryWasNamed) {
    write("damaged.so", "not a library");
    const Outcome outcome =
        run_program("SHOAL_CUDA_LIBRARY=./damaged.so", "train small.yaml --backend auto");
    EXPECT_EQ(outcome.status, 0);
    expect_contains(outcome.err, "backend auto: cpu, because ");
    expect_contains(outcome.err, "damaged.so");
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

TEST_F(CommandLine, NarrowProductsAreForGradientsOnCuda) {
    for (const char* precision : {"tf32", "bf16"}) {
        for (const char* backend : {"cpu", "reference"}) {
            const Outcome outcome =
                shoal({"train", "small.yaml", "--backend", backend, "--precision", precision});
            EXPECT_EQ(outcome.status, 2);
            expect_contains(outcome.err, std::string("--precision ") + precision);
            expect_contains(outcome.err, std::string(backend) + " backend does not have it");
            EXPECT_EQ(lines(outcome.err), 1u) << outcome.err;
        }
        EXPECT_EQ(shoal({"simulate", "--precision", precision}).status, 2);
        EXPECT_EQ(shoal({"bench", "force", "--precision", precision}).status, 2);
    }
    EXPECT_FALSE(fs::exists("runs"));
}

TEST_F(CommandLine, BenchPrintsOneObjectPerCase) {
    const std::vector<std::vector<std::string>> cases = {
        {"force", "--units", "8", "--networks", "4", "--trials", "2"},
        {"bptt", "--units", "9", "--networks", "3", "--trials", "2", "--steps", "15"}};
    for (std::vector<std::string> arguments : cases) {
        const std::string name = arguments[0];
        arguments.insert(arguments.begin(), "bench");
        for (const char* more : {"--seconds", "0.01", "--json", "--backend", "cpu"}) {
            arguments.push_back(more);
        }
        const Outcome outcome = shoal(arguments);
        ASSERT_EQ(outcome.status, 0) << outcome.err;
        EXPECT_EQ(lines(outcome.out), 1u) << outcome.out;
        const nlohmann::json result = nlohmann::json::parse(outcome.out);
        EXPECT_EQ(result["case"], name);
        for (const char* key : {"units", "networks", "seconds", "gflops", "gbytes_per_s",
                                "peak_gflops", "peak_gbytes_per_s", "fraction"}) {
            EXPECT_GT(result.value(key, 0.0), 0.0) << name << " " << key;
        }
        EXPECT_LT(result["fraction"].get<double>(), 1.0);
    }
}

TEST_F(CommandLine, BenchCountsGradientOperations) {
    const Outcome outcome =
        shoal({"bench", "bptt", "--units", "8", "--networks", "5", "--trials", "4", "--steps", "20",
               "--seconds", "0.01", "--json", "--backend", "reference"});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const nlohmann::json result = nlohmann::json::parse(outcome.out);
    const double seconds = result["seconds"];
    // 6 N^2 x trials x steps x networks, to the rounding of one division.
    EXPECT_NEAR(result["gflops"].get<double>() * 1e9 * seconds, 6.0 * 64 * 4 * 20 * 5, 1e-6);
    EXPECT_NEAR(result["iterations_per_s"].get<double>() * seconds, 1.0, 1e-12);
    // W, W_in, b and W_out: 64 + 8 x 3 + 8 + 2 x 8 weights, each with two moments and a gradient
    // of 4 bytes, read and written; inputs, targets and a mask of one byte.
    EXPECT_NEAR(result["gbytes_per_s"].get<double>() * 1e9 * seconds,
                5 * 8 * 4 * 112 + 80 * (4 * 5 + 2), 1e-6);
    EXPECT_LT(result["gradient_difference"].get<double>(), 1e-5);
}

TEST_F(CommandLine, BenchSizesAreGivenTogether) {
    const std::vector<std::vector<std::string>> wrong = {
        {"bench", "force", "--units", "8"},
        {"bench", "force", "--units", "8", "--networks", "5", "--shared", "2"},
        {"bench", "bptt", "--units", "8", "--networks", "4"},
        {"bench", "bptt", "--trials", "8"}};
    for (const std::vector<std::string>& arguments : wrong) {
        const Outcome outcome = shoal(arguments);
        EXPECT_EQ(outcome.status, 2);
        EXPECT_EQ(outcome.out, "");
        expect_contains(outcome.err, "bench " + arguments[1]);
    }
}

}  // namespace
}  // namespace shoal::test
