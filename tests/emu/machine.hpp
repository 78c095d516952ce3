// SPDX-License-Identifier: MIT
// The emulated device: threads, warps, blocks and clusters, and who runs next. One per host thread.
#pragma once

#include <array>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include "emulator.hpp"
#include "fiber.hpp"

namespace shoal::emu {

class Machine;
struct Block;
struct Warp;

/// Thrown at threads that wait when their launch has failed: unwinds their stacks.
struct Cancelled {};

struct Thread final : Actor, Fiber {
    Context& run() override;

    Machine* machine = nullptr;
    Block* block = nullptr;
    Warp* warp = nullptr;
    int rank = 0;
    int lane = 0;
    enum class Status : std::uint8_t { idle, ready, running, waiting, done } status = Status::idle;
    Step step = Step::start;  ///< where it waits, or where it did last
    std::source_location where;
    Step passed = Step::start;  ///< the last barrier behind it
    std::source_location passed_where;
};

struct Warp {
    Thread* const* threads = nullptr;  ///< [lane]
    unsigned lanes = 0;                ///< that exist
    unsigned done = 0;                 ///< have left the kernel
    unsigned at_barrier = 0;           ///< wait at a barrier of the block
    unsigned pending = 0;              ///< wait at an operation of the warp
    unsigned claimed = 0;              ///< for which those wait
    std::array<unsigned, cuda::warp_size> mask;
    std::array<int, cuda::warp_size> source;
    machine::Lanes value;
    std::array<void*, cuda::warp_size> place;  ///< of the SyncPoint
    std::uint32_t tick = 0;
    std::uint32_t full_tick = 0;  ///< when all lanes last met
    /// [lane][other]: accesses of `other` at ticks before this are before any of `lane` now. Used
    /// once some, but not all, lanes have met.
    using Seen = std::array<std::array<std::uint32_t, cuda::warp_size>, cuda::warp_size>;
    std::unique_ptr<Seen> seen;
    bool seen_used = false;
    std::array<SyncPoint, cuda::warp_size> sync_point;  ///< by the lowest lane of the mask
};

/// Who is at a barrier.
struct Meeting {
    void reset();
    int arrived = 0;
    Thread* first = nullptr;  ///< to arrive
    Thread* gone = nullptr;   ///< the first to leave the kernel
    SyncPoint sync_point;
};

/// Blocks that meet: a cluster, or the grid of a cooperative launch. Arrivals count blocks.
struct Team : Meeting {
    std::vector<Block*> members;
    std::uint32_t epoch = 0;  ///< of its last barrier
    bool met = false;
};

/// Arrivals count threads.
struct Block : Meeting {
    int number = 0;
    int in_cluster = 0;
    Team* cluster = nullptr;
    std::vector<Thread*> threads;
    std::vector<Warp> warps;
    SharedMemory shared;
    std::uint32_t epoch = 0;
    int done = 0;
    bool any = false;         ///< of those that have arrived
    bool any_result = false;  ///< of the last any()
};

/// Threads that could run, in a ring.
class ReadyRing {
  public:
    void reset(std::size_t threads, std::uint64_t seed);
    void clear() { head_ = tail_; }
    bool empty() const { return head_ == tail_; }
    bool shuffled() const { return shuffled_; }
    void push(Thread* thread) { ring_[tail_++ & mask_] = thread; }
    /// The oldest under seed 0, otherwise any.
    Thread* pop() {
        if (shuffled_) {
            const std::uint64_t pick = head_ + ((random() >> 32) * (tail_ - head_) >> 32);
            std::swap(ring_[head_ & mask_], ring_[pick & mask_]);
        }
        return ring_[head_++ & mask_];
    }
    /// splitmix64
    std::uint64_t random() {
        std::uint64_t z = (seed_ += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }

  private:
    std::vector<Thread*> ring_;
    std::uint64_t mask_ = 0;
    std::uint64_t head_ = 0;
    std::uint64_t tail_ = 0;
    std::uint64_t seed_ = 0;
    bool shuffled_ = false;
};

class Machine {
  public:
    ~Machine();
    void launch(const Launch& how, const std::function<void(const Group&)>& body);

    bool block_step(Thread& thread, Step step, bool value, std::source_location where);
    std::uint64_t warp_step(Thread& thread, Step step, unsigned mask, std::source_location where,
                            std::uint64_t value, int source,
                            void (*combine)(machine::Lanes& values));
    SharedMemory& shared(Thread& thread, int in_cluster, std::size_t offset, std::size_t bytes,
                         std::size_t alignment);

    const Launch& how() const { return *how_; }
    [[noreturn]] void fail(FaultKind kind, const Thread& thread, const std::string& what) const;

  private:
    friend struct Thread;

    void run_all();
    /// Blocks that run at the same time. Those that follow each other are different threads to
    /// ThreadSanitizer.
    void run_blocks(int first, int count, int which_thread);
    void start_block(Block& block, int number, std::size_t first_thread, int which_thread);
    void cancel();
    [[noreturn]] void report_deadlock() const;

    void finish(Thread& thread);
    /// Lets others run until the thread is ready and its turn has come.
    [[gnu::always_inline]] void wait(Thread& thread) {
        if (thread.status == Thread::Status::running) {
            thread.status = Thread::Status::waiting;
        }
        Context& to = next();
        if (&to != &thread) {
            thread.switch_to(to);
            if (cancelled_) {
                throw Cancelled{};
            }
        }
        thread.status = Thread::Status::running;
    }
    void make_ready(Thread& thread) {
        thread.status = Thread::Status::ready;
        ready_.push(&thread);
    }
    Context& next() {
        if (ready_.empty()) {
            return host_;
        }
        return *ready_.pop();
    }
    Meeting& meeting(Block& block, Step step);
    void arrive(Team& team, Thread& first);
    void release(Block& block, std::uint32_t epoch);

    const Launch* how_ = nullptr;
    const std::function<void(const Group&)>* body_ = nullptr;
    Context host_;
    std::vector<std::unique_ptr<Thread>> pool_;
    std::vector<std::unique_ptr<Block>> blocks_;
    std::vector<Team> clusters_;
    Team grid_;  ///< all blocks that run at the same time
    ReadyRing ready_;
    std::size_t alive_ = 0;
    std::uint32_t epoch_ = 1;
    bool cancelled_ = false;
    bool closing_ = false;
    std::exception_ptr problem_;
    SyncPoint start_of_threads_;
    SyncPoint end_of_threads_;
};

/// "force_trial.cuh:44"
std::string line_of(std::source_location where);
const char* name(Step step);
bool same_line(std::source_location a, std::source_location b);
std::string hex(unsigned mask);
/// "thread 17 at sync (force_trial.cuh:44)"
std::string waiting(const Thread& thread);
/// Who waits at an operation of the warp for the lane of `bit`.
std::string waited_for(const Warp& warp, unsigned bit);

}  // namespace shoal::emu
