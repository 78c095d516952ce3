// SPDX-License-Identifier: MIT
// Ranks of mpirun, by the MPI that the library was built with.
#include <nlohmann/json.hpp>
#include <set>

#include "test_cli_program.hpp"

namespace shoal::test {
namespace {

class Mpi : public CommandLine {
  protected:
    Mpi() {
        // Open MPI asks root to mean it.
        setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
        setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
    }
    ~Mpi() override {
        unsetenv("SHOAL_CUDA_LIBRARY");
        unsetenv("SHOAL_EMULATED_COUNT");
        unsetenv("SHOAL_MPI_LIBRARY");
    }

    static std::vector<std::string> launch(int ranks, const std::vector<std::string>& arguments) {
        std::vector<std::string> all = {"--oversubscribe", "-n", std::to_string(ranks),
                                        SHOAL_PROGRAM};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return all;
    }
    static int mpirun(int ranks, const std::vector<std::string>& arguments) {
        return Program(SHOAL_MPIRUN, launch(ranks, arguments)).wait();
    }
    static std::size_t times(const std::string& part) {
        const std::string text = output();
        std::size_t count = 0;
        for (std::size_t at = text.find(part); at != std::string::npos;
             at = text.find(part, at + 1)) {
            ++count;
        }
        return count;
    }
    static std::vector<fs::path> shards(const std::string& base) {
        std::vector<fs::path> found;
        for (const auto& entry : fs::directory_iterator(".")) {
            if (entry.path().filename().string().starts_with(base + ".shard-")) {
                found.push_back(entry.path());
            }
        }
        return found;
    }
    static nlohmann::json manifest(const fs::path& run) {
        return nlohmann::json::parse(read_text_file(run / "manifest.json"));
    }
};

/// About a second of work for two ranks.
const std::vector<std::string> longer = {"--set", "training.trials=10000"};

TEST_F(Mpi, RanksShareAPopulation) {
    run("whole");
    ASSERT_EQ(mpirun(3, {"run", "small.yaml", "--out", "p"}), 0) << output();
    expect_same_file("whole/population.csv", "p.merged/population.csv");
    EXPECT_EQ(shards("p").size(), 3u);
    for (const fs::path& shard : shards("p")) {
        for (const auto& [uid, bytes] : networks_of(shard)) {
            EXPECT_EQ(bytes, networks_of("whole").at(uid));
        }
    }
    EXPECT_EQ(times("report  p.merged/report/index.html"), 1u) << output();
    // One display, of the whole population.
    EXPECT_EQ(times("training 12/12  100 %  accepted 4  failed 8"), 1u) << output();
}

/// Many reports at once, far more than the first rank takes while it computes; also where MPI keeps
/// hold of each until the first rank asks for it.
TEST_F(Mpi, TheLastReportOfEveryShardArrives) {
    for (const char* eager_limit : {"4096", "64"}) {
        const int status =
            Program(SHOAL_MPIRUN, {"--mca", "btl_vader_eager_limit", eager_limit, "--oversubscribe",
                                   "-n", "3", SHOAL_REPORTING_RANK})
                .wait();
        EXPECT_EQ(status, 0) << output();
        for (const char* last :
             {"1 training 500", "1 analysis 500", "2 training 500", "2 analysis 500", "all here"}) {
            EXPECT_EQ(times(last), 1u) << output();
        }
    }
}

TEST_F(Mpi, MistakesAreSaidOnce) {
    EXPECT_EQ(mpirun(3, {"train", "small.yaml", "--set", "network.size=3"}), 2);
    EXPECT_EQ(times("unknown key 'network.size'"), 1u) << output();
    EXPECT_EQ(mpirun(3, {"train", "small.yaml", "--no-such-option"}), 2);
    EXPECT_EQ(times("no-such-option"), 1u) << output();
    EXPECT_EQ(mpirun(2, {"train", "small.yaml", "--shard", "0/2"}), 2);
    EXPECT_EQ(times("share out shards by themselves"), 1u) << output();
}

TEST_F(Mpi, ClaimsAreTestedOnceOnAllShards) {
    ASSERT_EQ(shoal(tiny_memory({"--out", "whole"})).status, 0);
    ASSERT_EQ(mpirun(2, tiny_memory({"--out", "p", "--shard", "any/3"})), 0) << output();
    EXPECT_EQ(times("Claims of ghazizadeh2021"), 1u) << output();
    expect_same_file("whole/claims.csv", "p.merged/claims.csv");
}

/// The launcher ends all ranks once one has ended with an error, so whoever is to speak comes
/// first.
TEST_F(Mpi, AFirstRankThatIsLateStillSaysIt) {
    const auto launch_shell = [](const char* before) {
        return Program(SHOAL_MPIRUN, {"--oversubscribe", "-n", "3", "/bin/sh", "-c",
                                      std::string(before) + "; exec '" + SHOAL_PROGRAM + "' \"$@\"",
                                      "sh", "train", "small.yaml", "--out", "p"})
            .wait();
    };
    write("small.yaml", "networks: 3\n");
    EXPECT_EQ(launch_shell("[ $OMPI_COMM_WORLD_RANK != 0 ] || sleep 2"), 2);
    EXPECT_EQ(times("unknown key 'networks'"), 1u) << output();
    EXPECT_EQ(launch_shell("[ $OMPI_COMM_WORLD_RANK != 0 ] || sleep 2; set -- train"), 2);
    EXPECT_EQ(times("config is required"), 1u) << output();
}

TEST_F(Mpi, ARankSaysWhatOnlyItGotWrong) {
    fs::create_directory("other");
    write("other/small.yaml", "networks: 3\n");
    EXPECT_EQ(
        Program(SHOAL_MPIRUN, {"--oversubscribe", "-n", "2", "/bin/sh", "-c",
                               std::string("[ $OMPI_COMM_WORLD_RANK = 0 ] || cd other; exec '") +
                                   SHOAL_PROGRAM + "' train small.yaml"})
            .wait(),
        2);
    EXPECT_EQ(times("unknown key 'networks'"), 1u) << output();
}

TEST_F(Mpi, WithoutTheLibraryProcessesCanStillShare) {
    fs::copy_file(SHOAL_PROGRAM, "alone");  // where no library lies beside it
    const auto launch_alone = [](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"--oversubscribe", "-n", "2", "./alone"});
        return Program(SHOAL_MPIRUN, arguments).wait();
    };
    EXPECT_EQ(launch_alone({"train", "small.yaml", "--out", "p"}), 2);
    EXPECT_EQ(times("was built without MPI"), 1u) << output();
    EXPECT_TRUE(shards("p").empty());
    EXPECT_EQ(launch_alone({"train", "small.yaml", "--out", "p", "--shard", "any/3", "--resume"}),
              0)
        << output();
    EXPECT_EQ(shards("p").size(), 3u);

    setenv("SHOAL_MPI_LIBRARY", "/nowhere/libshoal_mpi.so", 1);
    EXPECT_EQ(mpirun(2, {"train", "small.yaml"}), 4);
    expect_contains(output(), "/nowhere/libshoal_mpi.so");
}

/// A rank with slow networks, here one that stands still, keeps nobody from the other shards.
TEST_F(Mpi, ASlowRankHoldsUpNobody) {
    run("whole", longer);

    Program job(SHOAL_MPIRUN, launch(2, {"run", "small.yaml", "--out", "p", "--shard", "any/6",
                                         longer[0], longer[1]}));
    const pid_t slow = holder("p.shard-0-of-6");
    kill(slow, SIGSTOP);
    const auto finished = [](int i) {
        const fs::path run = "p.shard-" + std::to_string(i) + "-of-6";
        return fs::exists(run / "analysis.h5") && manifest(run)["finished"] != "";
    };
    int others = 0;
    for (int i = 0; i < 6000 && others < 5; ++i) {
        others = 0;
        for (int k = 1; k < 6; ++k) {
            others += finished(k) ? 1 : 0;
        }
        std::this_thread::sleep_for(milliseconds(10));
    }
    EXPECT_EQ(others, 5);
    EXPECT_FALSE(finished(0));
    kill(slow, SIGCONT);
    EXPECT_EQ(job.wait(), 0) << output();
    expect_same_file("whole/population.csv", "p.merged/population.csv");
}

TEST_F(Mpi, ARankThatDiesLeavesItsShardToTheOthers) {
    run("whole", longer);
    for (const int shard : {0, 1}) {  // one of them may be the first rank's
        const std::string out = "p" + std::to_string(shard);
        auto arguments = launch(3, {"run", "small.yaml", "--out", out, "--shard", "any/6",
                                    "--checkpoint-seconds", "0", longer[0], longer[1]});
        arguments.insert(arguments.begin(), "--enable-recovery");
        Program job(SHOAL_MPIRUN, arguments);
        kill(holder(out + ".shard-" + std::to_string(shard) + "-of-6"), SIGKILL);
        job.wait();  // the launcher's own code says that a process was killed
        expect_same_file("whole/population.csv", out + ".merged/population.csv");
    }
}

TEST_F(Mpi, KilledJobsGoOnWithAnyNumberOfRanks) {
    run("whole", longer);
    int ranks = 3;
    for (const char* next : {"p.shard-1-of-6", "p.shard-5-of-6"}) {
        Program job(SHOAL_MPIRUN,
                    launch(ranks, {"run", "small.yaml", "--out", "p", "--shard", "any/6",
                                   "--checkpoint-seconds", "0", longer[0], longer[1], "--resume"}));
        holder(next);
        job.kill_children();  // one alone: the launcher leaves the others two seconds
        EXPECT_NE(job.wait(), 0);
        EXPECT_FALSE(fs::exists(fs::path(next) / "analysis.h5"));
        --ranks;
    }
    // How many shards there are is on disk.
    ASSERT_EQ(mpirun(2, {"run", "small.yaml", "--out", "p", longer[0], longer[1], "--resume"}), 0)
        << output();
    EXPECT_EQ(shards("p").size(), 6u);
    expect_same_file("whole/population.csv", "p.merged/population.csv");
}

TEST_F(Mpi, StoppedTogetherWithACheckpoint) {
    run("whole", longer);
    {
        Program job(SHOAL_MPIRUN, launch(2, {"run", "small.yaml", "--out", "p", "--shard", "any/4",
                                             longer[0], longer[1]}));
        holder("p.shard-1-of-4");
        job.send(SIGUSR1);
        EXPECT_EQ(job.wait(), 5) << output();
    }
    EXPECT_EQ(times("a checkpoint was written. Go on with: mpirun -n 2 "), 1u) << output();
    ASSERT_EQ(mpirun(3, {"run", "small.yaml", "--out", "p", longer[0], longer[1], "--resume"}), 0)
        << output();
    expect_same_file("whole/population.csv", "p.merged/population.csv");
}

TEST_F(Mpi, OneRankForEachDevice) {
    setenv("SHOAL_CUDA_LIBRARY", SHOAL_EMULATED_LIBRARY, 1);
    setenv("SHOAL_EMULATED_COUNT", "2", 1);
    const std::vector<std::string> short_one = {"--set", "training.trials=2", "--set",
                                                "sweep.replicate=1"};
    const auto with = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), short_one.begin(), short_one.end());
        return arguments;
    };
    ASSERT_EQ(Program(with({"train", "small.yaml", "--out", "whole", "--backend", "cuda"})).wait(),
              0)
        << output();
    ASSERT_EQ(mpirun(2, with({"train", "small.yaml", "--out", "p", "--backend", "cuda"})), 0)
        << output();
    std::set<int> devices;
    for (const fs::path& shard : shards("p")) {
        devices.insert(manifest(shard)["device"].get<int>());
        for (const auto& [uid, bytes] : networks_of(shard)) {
            EXPECT_EQ(bytes, networks_of("whole").at(uid));
        }
    }
    EXPECT_EQ(devices, (std::set<int>{0, 1}));

    EXPECT_EQ(
        Program(with({"train", "small.yaml", "--out", "q", "--backend", "cuda", "--device", "2"}))
            .wait(),
        4);
    expect_contains(output(), "there are 2 device(s)");
}

}  // namespace
}  // namespace shoal::test
