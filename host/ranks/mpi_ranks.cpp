// SPDX-License-Identifier: MIT
// Ranks by MPI. Built as a library of its own, without the rest of the program.
#include <mpi.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "ranks/ranks.hpp"

namespace shoal {
namespace {

constexpr int progress_tag = 1;

class MpiRanks final : public Ranks {
  public:
    MpiRanks() {
        int provided = 0;
        MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided);
        // The death of another rank is not ours.
        MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
        MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
        MPI_Comm_size(MPI_COMM_WORLD, &count_);
        MPI_Comm machine = MPI_COMM_NULL;
        MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &machine);
        MPI_Comm_rank(machine, &local_rank_);
        MPI_Comm_size(machine, &local_count_);
        MPI_Comm_free(&machine);
    }

    int rank() const override { return rank_; }
    int count() const override { return count_; }
    int local_rank() const override { return local_rank_; }
    int local_count() const override { return local_count_; }

    int from_first(int value) override {
        MPI_Bcast(&value, 1, MPI_INT, 0, MPI_COMM_WORLD);
        return value;
    }

    void report(const ShardNumbers& numbers) override {
        if (over_ || !arrived(sending_)) {
            return;
        }
        outgoing_ = numbers;
        MPI_Isend(&outgoing_, sizeof outgoing_, MPI_BYTE, 0, progress_tag, MPI_COMM_WORLD,
                  &sending_);
    }

    std::vector<ShardNumbers> reports() override {
        std::vector<ShardNumbers> found;
        int there = 1;
        while (!over_) {
            MPI_Status from{};
            if (MPI_Iprobe(MPI_ANY_SOURCE, progress_tag, MPI_COMM_WORLD, &there, &from) !=
                    MPI_SUCCESS ||
                there == 0) {
                break;
            }
            ShardNumbers numbers;
            MPI_Recv(&numbers, sizeof numbers, MPI_BYTE, from.MPI_SOURCE, progress_tag,
                     MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            found.push_back(numbers);
        }
        return found;
    }

    bool part(double seconds) override {
        using Clock = std::chrono::steady_clock;
        const auto end = Clock::now() + std::chrono::duration<double>(seconds);
        MPI_Request all_here = MPI_REQUEST_NULL;
        MPI_Ibarrier(MPI_COMM_WORLD, &all_here);
        while (!arrived(all_here)) {
            if (Clock::now() > end) {
                over_ = true;  // MPI_Finalize would wait for the dead
                return false;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        reports();  // or MPI_Finalize finds messages that nobody took
        MPI_Wait(&sending_, MPI_STATUS_IGNORE);
        over_ = true;
        MPI_Finalize();
        return true;
    }

  private:
    static bool arrived(MPI_Request& request) {
        int done = 1;
        return MPI_Test(&request, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS || done != 0;
    }

    int rank_ = 0;
    int count_ = 1;
    int local_rank_ = 0;
    int local_count_ = 1;
    bool over_ = false;
    ShardNumbers outgoing_;
    MPI_Request sending_ = MPI_REQUEST_NULL;
};

std::unique_ptr<Ranks> join() {
    return std::make_unique<MpiRanks>();
}

}  // namespace
}  // namespace shoal

extern "C" const shoal::MpiPlugin* shoal_mpi_plugin() {
    static const shoal::MpiPlugin plugin{shoal::MpiPlugin::current_version, shoal::join};
    return &plugin;
}
