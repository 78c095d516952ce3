// SPDX-License-Identifier: MIT
// Ranks by MPI. Built as a library of its own, without the rest of the program.
#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

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
        const auto same = [&](const ShardNumbers& other) {
            return other.shard == numbers.shard && other.analysis == numbers.analysis;
        };
        const auto older = std::find_if(waiting_.begin(), waiting_.end(), same);
        if (older != waiting_.end()) {
            *older = numbers;
        } else {
            waiting_.push_back(numbers);
        }
        send();
    }

    std::vector<ShardNumbers> reports() override {
        send();
        receive();
        return std::exchange(received_, {});
    }

    bool part(double seconds) override {
        using Clock = std::chrono::steady_clock;
        const auto end = Clock::now() + std::chrono::duration<double>(seconds);
        MPI_Request all_here = MPI_REQUEST_NULL;
        bool waiting_for_all = false;
        while (!waiting_for_all || !arrived(all_here)) {
            if (Clock::now() > end) {
                over_ = true;  // MPI_Finalize would wait for the dead
                return false;
            }
            receive();
            if (!waiting_for_all && send()) {
                MPI_Ibarrier(MPI_COMM_WORLD, &all_here);
                waiting_for_all = true;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        over_ = true;
        MPI_Finalize();
        return true;
    }

  private:
    /// Sends what waits, one report after another. True: the first rank has taken all.
    bool send() {
        while (!over_ && arrived(sending_) && !waiting_.empty()) {
            outgoing_ = waiting_.front();
            waiting_.erase(waiting_.begin());
            // Synchronous: over when the first rank has taken it, not when it left.
            MPI_Issend(&outgoing_, sizeof outgoing_, MPI_BYTE, 0, progress_tag, MPI_COMM_WORLD,
                       &sending_);
        }
        return waiting_.empty() && (over_ || arrived(sending_));
    }

    void receive() {
        while (!over_) {
            MPI_Status from{};
            int there = 0;
            if (MPI_Iprobe(MPI_ANY_SOURCE, progress_tag, MPI_COMM_WORLD, &there, &from) !=
                    MPI_SUCCESS ||
                there == 0) {
                return;
            }
            ShardNumbers numbers;
            MPI_Recv(&numbers, sizeof numbers, MPI_BYTE, from.MPI_SOURCE, progress_tag,
                     MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            received_.push_back(numbers);
        }
    }

    static bool arrived(MPI_Request& request) {
        int done = 1;
        return MPI_Test(&request, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS || done != 0;
    }

    int rank_ = 0;
    int count_ = 1;
    int local_rank_ = 0;
    int local_count_ = 1;
    bool over_ = false;
    std::vector<ShardNumbers> received_;
    std::vector<ShardNumbers> waiting_;
    ShardNumbers outgoing_;  // what sending_ sends
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
