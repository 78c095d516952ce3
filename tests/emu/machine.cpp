// SPDX-License-Identifier: MIT
// Launches: threads are set up, run, and unwound if something fails.
#include "machine.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <numeric>
#include <utility>

namespace shoal::emu {

namespace {

std::atomic<std::uint64_t> schedule{0};
std::atomic<Watch> watch{Watch::on};

constexpr std::size_t most_shared_bytes = 232448;  // 227 KiB: sm_90

void check(const Launch& how) {
    const auto refuse = [&](const std::string& why) {
        throw Fault(FaultKind::bad_launch, "kernel " + how.kernel + ": " + why);
    };
    if (how.blocks < 1 || how.threads < 1 || how.threads > 1024) {
        refuse("cannot launch " + std::to_string(how.blocks) + " blocks of " +
               std::to_string(how.threads) + " threads");
    }
    if (how.shared_bytes > most_shared_bytes) {
        refuse("no device has " + std::to_string(how.shared_bytes) +
               " bytes of shared memory per block");
    }
    if (how.cluster < 1 || how.cluster > 16 || how.blocks % how.cluster != 0) {
        refuse("clusters of " + std::to_string(how.cluster) + " in a grid of " +
               std::to_string(how.blocks) + " blocks");
    }
}

Machine& this_machine() {
    static thread_local Machine machine;
    return machine;
}

}  // namespace

void ReadyRing::reset(std::size_t threads, std::uint64_t seed) {
    const std::size_t size = std::bit_ceil(threads);
    if (ring_.size() < size) {
        ring_.resize(size);
        mask_ = size - 1;
    }
    head_ = tail_ = 0;
    seed_ = seed;
    shuffled_ = seed != 0;
}

Context& Thread::run() {
    switch_to(machine->host_);
    while (!machine->closing_) {
        status = Status::running;
        SyncPoint::acquire(machine->start_of_threads_.place());
        try {
            (*machine->body_)(Group(*this));
            machine->finish(*this);
        } catch (const Cancelled&) {
        } catch (...) {
            if (machine->problem_ == nullptr) {
                machine->problem_ = std::current_exception();
            }
            machine->cancelled_ = true;
        }
        status = Status::done;
        --machine->alive_;
        SyncPoint::release(machine->end_of_threads_.place());
        switch_to(machine->cancelled_ ? machine->host_ : machine->next());
    }
    return machine->host_;
}

Machine::~Machine() {
    closing_ = true;
    for (const auto& thread : pool_) {
        host_.switch_to(*thread);
    }
}

void Machine::launch(const Launch& how, const std::function<void(const Group&)>& body) {
    if (how_ != nullptr) {
        throw Fault(FaultKind::bad_launch, "kernel " + how.kernel + ": launched by a kernel");
    }
    check(how);
    how_ = &how;
    body_ = &body;
    try {
        run_all();
    } catch (...) {
        how_ = nullptr;
        throw;
    }
    how_ = nullptr;
}

void Machine::run_all() {
    const std::size_t at_once =
        static_cast<std::size_t>(how_->cooperative ? how_->blocks : how_->cluster);
    const std::size_t threads = at_once * static_cast<std::size_t>(how_->threads);
    while (pool_.size() < threads) {
        pool_.push_back(std::make_unique<Thread>());
        pool_.back()->machine = this;
        host_.switch_to(*pool_.back());  // to its first line, where it waits for work
    }
    while (blocks_.size() < at_once) {
        blocks_.push_back(std::make_unique<Block>());
    }
    ready_.reset(threads, schedule);

    std::vector<int> order(static_cast<std::size_t>(how_->blocks) / at_once);
    std::iota(order.begin(), order.end(), 0);
    if (ready_.shuffled()) {
        for (std::size_t i = order.size(); i > 1; --i) {
            std::swap(order[i - 1], order[ready_.random() % i]);
        }
    }
    start_of_threads_.renew();
    end_of_threads_.renew();
    int turn = 0;
    for (const int first : order) {
        run_blocks(first * static_cast<int>(at_once), static_cast<int>(at_once), turn++ % 2);
    }
    SyncPoint::acquire(end_of_threads_.place());
}

void Machine::run_blocks(int first, int count, int which_thread) {
    const auto per_cluster = static_cast<std::size_t>(how_->cluster);
    const auto threads = static_cast<std::size_t>(how_->threads);
    ++epoch_;
    cancelled_ = false;
    problem_ = nullptr;
    alive_ = static_cast<std::size_t>(count) * threads;
    grid_.reset();
    grid_.members.clear();
    clusters_.resize(static_cast<std::size_t>(count) / per_cluster);
    for (Team& cluster : clusters_) {
        cluster.reset();
        cluster.members.clear();
        cluster.epoch = epoch_;
        cluster.met = false;
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
        Block& block = *blocks_[i];
        block.cluster = &clusters_[i / per_cluster];
        block.cluster->members.push_back(&block);
        grid_.members.push_back(&block);
        block.in_cluster = static_cast<int>(i % per_cluster);
        start_block(block, first + static_cast<int>(i), i * threads, which_thread);
    }
    SyncPoint::release(start_of_threads_.place());

    host_.switch_to(next());
    if (alive_ != 0 && !cancelled_) {
        try {
            report_deadlock();
        } catch (...) {
            problem_ = std::current_exception();
        }
    }
    cancel();
    if (problem_ != nullptr) {
        SyncPoint::acquire(end_of_threads_.place());
        std::rethrow_exception(problem_);
    }
}

void Machine::start_block(Block& block, int number, std::size_t first_thread, int which_thread) {
    const auto threads = static_cast<std::size_t>(how_->threads);
    constexpr auto width = static_cast<std::size_t>(cuda::warp_size);
    block.reset();
    block.number = number;
    block.epoch = epoch_;
    block.done = 0;
    block.any = false;
    block.shared.reset(how_->shared_bytes, epoch_);
    block.threads.resize(threads);
    block.warps.resize((threads + width - 1) / width);
    for (std::size_t i = 0; i < threads; ++i) {
        Thread& thread = *pool_[first_thread + i];
        block.threads[i] = &thread;
        thread.block = &block;
        thread.warp = &block.warps[i / width];
        thread.rank = static_cast<int>(i);
        thread.lane = static_cast<int>(i % width);
        thread.status = Thread::Status::idle;
        thread.step = thread.passed = Step::start;
        const auto in_cluster = static_cast<std::size_t>(block.in_cluster);
        thread.id = static_cast<std::uint16_t>(in_cluster * threads + i);
        thread.warp_id = static_cast<std::uint16_t>(in_cluster * block.warps.size() + i / width);
        thread.epoch = &block.epoch;
        thread.settled = how_->cluster == 1 ? &block.epoch : &block.cluster->epoch;
        thread.tick = &thread.warp->tick;
        thread.checks = watch == Watch::on;
        thread.become_thread(which_thread);
        ready_.push(&thread);
    }
    for (std::size_t i = 0; i < block.warps.size(); ++i) {
        Warp& warp = block.warps[i];
        const std::size_t lanes = std::min(threads - i * width, width);
        warp.threads = &block.threads[i * width];
        warp.lanes = lanes == width ? cuda::full_warp : (1u << lanes) - 1u;
        warp.done = warp.at_barrier = warp.pending = warp.claimed = 0;
        warp.tick = warp.full_tick = 0;
        warp.seen_used = false;
        for (SyncPoint& point : warp.sync_point) {
            point.renew();
        }
    }
}

void Machine::cancel() {
    cancelled_ = true;
    for (const Block* block : grid_.members) {
        for (Thread* thread : block->threads) {
            if (thread->status == Thread::Status::waiting ||
                thread->status == Thread::Status::ready) {
                host_.switch_to(*thread);
            }
        }
    }
    ready_.clear();
}

void Machine::report_deadlock() const {
    std::string text;
    const Thread* first = nullptr;
    for (const Block* block : grid_.members) {
        for (const Thread* thread : block->threads) {
            if (thread->status != Thread::Status::waiting) {
                continue;
            }
            if (first == nullptr) {
                first = thread;
                text = "no thread can go on: " + waiting(*thread);
            } else if (thread->block != first->block || !same_line(thread->where, first->where)) {
                fail(FaultKind::deadlock, *first,
                     text + ", " + waiting(*thread) + " of block " +
                         std::to_string(thread->block->number));
            }
        }
    }
    fail(FaultKind::deadlock, *first, text);
}

void launch(const Launch& how, const std::function<void(const Group&)>& body) {
    this_machine().launch(how, body);
}

void set_schedule(std::uint64_t seed) {
    schedule = seed;
}

void set_watch(Watch on_or_off) {
    watch = on_or_off;
}

}  // namespace shoal::emu
