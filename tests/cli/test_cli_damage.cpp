// SPDX-License-Identifier: MIT
// Damaged files and full disks: a clear error, and nothing that was computed is lost.
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "core/random.hpp"
#include "test_cli_support.hpp"

namespace shoal::test {
namespace {

/// Number `i` of a series of places in a file.
std::size_t place(std::uint32_t i, std::size_t size) {
    return uniform_index(random_bits({7, 0}, Purpose::test, 0, 0, i),
                         static_cast<std::uint32_t>(size));
}

void flip_bit(const fs::path& path, std::uint32_t i) {
    std::string content = read_text_file(path);
    content[place(i, content.size())] ^= 0x10;
    std::ofstream(path, std::ios::binary) << content;
}

void cut_short(const fs::path& path, std::uint32_t i) {
    fs::resize_file(path, place(i, fs::file_size(path)));
}

const fs::path older = "r/checkpoint/active-000000000001.bin";
const fs::path newer = "r/checkpoint/active-000000000002.bin";

class DamagedRun : public CommandLine {
  protected:
    /// Stops a run after `trials` trials; each leaves a checkpoint.
    static void start(int trials) {
        for (int i = 0; i < trials; ++i) {
            ASSERT_EQ(resume({"--max-hours", "1e-9"}).status, 5);
        }
    }
    static Outcome resume(const std::vector<std::string>& more = {}) {
        std::vector<std::string> arguments = {"run", "small.yaml", "--out",
                                              "r",   "--resume",   "--quiet"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return shoal(arguments);
    }
};

TEST_F(DamagedRun, TwoGenerationsAreKept) {
    start(3);
    EXPECT_TRUE(fs::exists(newer));
    EXPECT_TRUE(fs::exists(older));
    EXPECT_FALSE(fs::exists("r/checkpoint/active-000000000000.bin"));
}

TEST_F(DamagedRun, NewestCheckpointDamaged) {
    run("whole");
    start(3);
    fs::copy("r", "saved", fs::copy_options::recursive);
    for (std::uint32_t i = 0; i < 6; ++i) {
        SCOPED_TRACE(i);
        fs::remove_all("r");
        fs::copy("saved", "r", fs::copy_options::recursive);
        i % 2 == 0 ? flip_bit(newer, i) : cut_short(newer, i);

        const Outcome outcome = resume();

        EXPECT_EQ(outcome.status, 0) << outcome.err;
        expect_contains(outcome.err, "warning: " + newer.string());
        expect_contains(outcome.err, "using the older active-000000000001.bin");
        expect_same_results("whole", "r");
    }
}

TEST_F(DamagedRun, EveryCheckpointDamaged) {
    run("whole");
    start(2);
    for (const auto& entry : fs::directory_iterator("r/checkpoint")) {
        flip_bit(entry.path(), 1);
    }

    const Outcome outcome = resume();

    EXPECT_EQ(outcome.status, 3);
    expect_contains(outcome.err, "active-000000000000.bin");
    expect_contains(outcome.err, "active-000000000001.bin");
    expect_contains(outcome.err, "remove the active-*.bin files");
    fs::remove("r/checkpoint/active-000000000000.bin");  // as it says
    fs::remove(older);
    EXPECT_EQ(resume().status, 0);
    expect_same_results("whole", "r");
}

TEST_F(DamagedRun, CheckpointOfAnotherVersionOrProgram) {
    start(1);
    const fs::path file = "r/checkpoint/active-000000000000.bin";
    std::string content = read_text_file(file);
    content[8] = 9;  // the format version follows the magic number
    write(file, content);
    const Outcome version = resume();
    EXPECT_EQ(version.status, 3);
    expect_contains(version.err, "has checkpoint format 9; this program reads format 3");

    write(file, "a file that some other program put here");
    const Outcome foreign = resume();
    EXPECT_EQ(foreign.status, 3);
    expect_contains(foreign.err, "is not a shoal checkpoint file");

    write(file, "");
    EXPECT_EQ(resume().status, 3);
}

TEST_F(DamagedRun, FinishedNetworksDamaged) {
    run("whole");
    start(40);
    const fs::path segment = "r/checkpoint/trained-00000000.bin";
    ASSERT_TRUE(fs::exists(segment));
    const std::string good = read_text_file(segment);
    for (std::uint32_t i = 0; i < 6; ++i) {
        SCOPED_TRACE(i);
        write(segment, good);
        i % 2 == 0 ? flip_bit(segment, i) : cut_short(segment, i);
        for (const Outcome& outcome : {resume(), shoal({"stats", "r"})}) {
            EXPECT_EQ(outcome.status, 3);
            expect_contains(outcome.err, segment.string());
            expect_contains(outcome.err, "remove that file to compute its networks again");
        }
    }
    fs::remove(segment);
    EXPECT_EQ(resume().status, 0);
    expect_same_results("whole", "r");
}

TEST_F(DamagedRun, ManifestAndConfiguration) {
    train("r");
    const std::vector<std::vector<std::string>> all = {
        {"run", "small.yaml", "--out", "r", "--resume"},
        {"analyze", "r"},
        {"stats", "r"},
        {"report", "r"}};
    const auto expect_status = [&](int status, const std::string& name) {
        for (const auto& arguments : all) {
            const Outcome outcome = shoal(arguments);
            EXPECT_EQ(outcome.status, status) << arguments.front() << ": " << outcome.err;
            expect_contains(outcome.err, name);
        }
    };
    const std::string manifest = read_text_file("r/manifest.json");
    for (const std::string& bad :
         {std::string(), std::string("{}"), std::string("[1, 2]"), manifest.substr(0, 100),
          std::string(100000, '['), std::string("\xff\xfe\x00", 3)}) {
        SCOPED_TRACE(bad.substr(0, 20));
        write("r/manifest.json", bad);
        expect_status(3, "manifest.json");
    }
    fs::remove("r/manifest.json");
    expect_status(3, "manifest.json");
    write("r/manifest.json", manifest);

    const std::string config = read_text_file("r/config.yaml");
    write("r/config.yaml", config.substr(0, config.size() / 2) + "\n  ][");
    expect_status(2, "config.yaml:");
    write("r/config.yaml", "");
    for (const auto& arguments : all) {
        const int status = shoal(arguments).status;
        EXPECT_TRUE(status == 2 || status == 3) << arguments.front() << " " << status;
    }
    fs::remove("r/config.yaml");
    expect_status(3, "config.yaml");
    write("r/config.yaml", config);
    EXPECT_EQ(shoal({"stats", "r"}).status, 0);
}

TEST_F(DamagedRun, ResultsDamaged) {
    run("r");
    const std::string population = read_text_file("r/population.h5");
    for (std::uint32_t i = 0; i < 4; ++i) {
        SCOPED_TRACE(i);
        write("r/population.h5", population);
        i % 2 == 0 ? flip_bit("r/population.h5", i) : cut_short("r/population.h5", i);
        for (const std::vector<std::string>& arguments :
             {std::vector<std::string>{"stats", "r"},
              {"export", "r", "--networks", "all", "--out", "w.h5"}}) {
            const Outcome outcome = shoal(arguments);
            EXPECT_EQ(outcome.status, 3) << outcome.err;
            expect_contains(outcome.err, "population.h5");
        }
    }
    write("r/population.h5", population);
    flip_bit("r/analysis.h5", 1);
    const Outcome outcome = shoal({"report", "r"});
    EXPECT_EQ(outcome.status, 3);
    expect_contains(outcome.err, "analysis.h5");
    EXPECT_FALSE(fs::exists("w.h5"));
}

/// A small file system that is full soon. Where a process may not mount one, a limit on the size of
/// files gives the writer the same kind of error.
class SmallDisk {
  public:
    SmallDisk(const fs::path& folder, const std::string& size) : folder_(folder) {
        fs::create_directory(folder);
        mounted_ = mount("tmpfs", folder.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
    }
    ~SmallDisk() {
        if (mounted_) {
            umount(folder_.c_str());
        }
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    bool mounted() const { return mounted_; }

  private:
    fs::path folder_;
    bool mounted_;
};

/// Runs `action` in a child in which no file can grow beyond `bytes`; returns its exit status.
int with_small_files(rlim_t bytes, const std::function<int()>& action) {
    const pid_t child = fork();
    if (child == 0) {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{bytes, bytes};
        setrlimit(RLIMIT_FSIZE, &limit);
        _exit(action());
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

TEST_F(DamagedRun, DiskTooSmallToBegin) {
    const SmallDisk disk("disk", "256k");
    if (!disk.mounted()) {
        // The same refusal from the arithmetic: no disk holds a million networks of 32768 units.
        const Outcome outcome = shoal({"train", "small.yaml", "--set", "network.units=32768",
                                       "--set", "sweep.replicate=100000", "--max-memory", "100G"});
        EXPECT_EQ(outcome.status, 3);
        expect_contains(outcome.err, "of disk");
        return;
    }
    const Outcome outcome =
        shoal({"train", "small.yaml", "--out", "disk/r", "--quiet", "--set", "sweep.replicate=20"});

    EXPECT_EQ(outcome.status, 3);
    expect_contains(outcome.err, "disk/r: this run needs");
    expect_contains(outcome.err, "MB are free");
}

TEST_F(DamagedRun, DiskFullWhileARunGoesOn) {
    run("whole");
    start(2);
    const auto before = read_file(older);

    // Room for small files, not for a checkpoint or for the results.
    const int status = with_small_files(20000, [] {
        const Outcome outcome = resume();
        const bool told = outcome.err.find("r/") != std::string::npos &&
                          outcome.err.find("File too large") != std::string::npos;
        return told ? outcome.status : 50 + outcome.status;
    });

    EXPECT_EQ(status, 3);
    EXPECT_EQ(read_file(older), before);
    EXPECT_EQ(resume().status, 0);
    expect_same_results("whole", "r");
}

TEST_F(DamagedRun, DiskFullWhenACheckpointIsWritten) {
    run("whole");
    start(2);

    const int status = with_small_files(20000, [] {
        return resume({"--max-hours", "1e-9"}).status;
    });

    EXPECT_EQ(status, 3);
    EXPECT_EQ(resume().status, 0);
    expect_same_results("whole", "r");
}

TEST_F(DamagedRun, DiskFullAtEveryWriter) {
    run("r");
    const SmallDisk disk("disk", "8k");
    const std::string out = disk.mounted() ? "disk/" : "";
    write(out + "t.h5", "old");
    const std::vector<std::vector<std::string>> writers = {
        {"task", "small.yaml", "--trials", "40", "--out", out + "t.h5"},
        {"export", "r", "--networks", "all", "--out", out + "w.h5"},
        {"report", "r", "--out", out + "m"},
        {"train", "small.yaml", "--out", out + "run"}};
    for (const auto& arguments : writers) {
        SCOPED_TRACE(arguments.front());
        // In a process of its own: HDF5 is not used again after a failure.
        const int status = with_small_files(disk.mounted() ? RLIM_INFINITY : 4096, [&] {
            const Outcome outcome = shoal(arguments);
            return lines(outcome.err) <= 2 && !outcome.err.empty() ? outcome.status
                                                                   : 50 + outcome.status;
        });
        EXPECT_EQ(status, 3);
    }
    EXPECT_EQ(read_text_file(out + "t.h5"), "old");
    EXPECT_FALSE(fs::exists(out + "w.h5"));
    EXPECT_EQ(networks_of("r").size(), 12u);
}

}  // namespace
}  // namespace shoal::test
