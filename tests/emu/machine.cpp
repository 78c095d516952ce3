// SPDX-License-Identifier: MIT
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

void Meeting::reset() {
    arrived = 0;
    first = gone = nullptr;
    sync_point.renew();
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
            machine->problem_ = std::current_exception();
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

Meeting& Machine::meeting(Block& block, Step step) {
    switch (step) {
        case Step::sync_cluster:
            return *block.cluster;
        case Step::sync_grid:
            return grid_;
        default:
            return block;
    }
}

[[gnu::always_inline]] inline bool Machine::block_step(Thread& thread, Step step, bool value,
                                                       std::source_location where) {
    Block& block = *thread.block;
    Warp& warp = *thread.warp;
    Meeting& meeting = this->meeting(block, step);
    const unsigned bit = 1u << thread.lane;
    const auto refuse = [&](FaultKind kind, const std::string& why) {
        fail(kind, thread, "at " + std::string(name(step)) + " (" + line_of(where) + "): " + why);
    };
    if (step == Step::sync_grid && !how_->cooperative) {
        refuse(FaultKind::bad_launch, "this launch is not cooperative");
    }
    if ((warp.claimed & bit) != 0) {
        refuse(FaultKind::warp_mask, waited_for(warp, bit));
    }
    if (block.first != nullptr &&
        (block.first->step != step || !same_line(block.first->where, where))) {
        refuse(FaultKind::divergent_barrier, "meets " + waiting(*block.first));
    }
    if (meeting.gone != nullptr || block.gone != nullptr) {
        const Thread& gone = block.gone != nullptr ? *block.gone : *meeting.gone;
        refuse(FaultKind::divergent_barrier, "thread " + std::to_string(gone.rank) + " of block " +
                                                 std::to_string(gone.block->number) +
                                                 " has left the kernel");
    }

    thread.step = step;
    thread.where = where;
    warp.at_barrier |= bit;
    block.any = block.any || value;
    if (block.first == nullptr) {
        block.first = &thread;
    }
    void* const place = meeting.sync_point.place();
    SyncPoint::release(place);
    if (++block.arrived == how_->threads) {
        block.arrived = 0;
        block.any_result = std::exchange(block.any, false);
        if (&meeting == &block) {
            block.sync_point.pass();
            release(block, ++epoch_);
        } else {
            arrive(static_cast<Team&>(meeting), *block.first);
        }
    }
    wait(thread);
    SyncPoint::acquire(place);
    thread.passed = step;
    thread.passed_where = where;
    return block.any_result;
}

void Machine::arrive(Team& team, Thread& first) {
    if (team.first == nullptr) {
        team.first = &first;
    }
    if (++team.arrived < static_cast<int>(team.members.size())) {
        return;
    }
    team.arrived = 0;
    team.first = nullptr;
    team.sync_point.pass();
    ++epoch_;
    for (Block* block : team.members) {
        block->cluster->epoch = epoch_;
        block->cluster->met = true;
        release(*block, epoch_);
    }
}

void Machine::release(Block& block, std::uint32_t epoch) {
    block.epoch = epoch;
    block.first = nullptr;
    for (Warp& warp : block.warps) {
        warp.at_barrier = 0;
    }
    for (Thread* thread : block.threads) {
        make_ready(*thread);
    }
}

void Machine::finish(Thread& thread) {
    Block& block = *thread.block;
    const unsigned bit = 1u << thread.lane;
    thread.warp->done |= bit;
    if ((thread.warp->claimed & bit) != 0) {
        fail(FaultKind::warp_mask, thread, "leaves the kernel: " + waited_for(*thread.warp, bit));
    }
    for (Meeting* meeting : {static_cast<Meeting*>(&block), static_cast<Meeting*>(block.cluster),
                             static_cast<Meeting*>(&grid_)}) {
        if (meeting->first != nullptr) {
            fail(FaultKind::divergent_barrier, thread,
                 "leaves the kernel while block " + std::to_string(meeting->first->block->number) +
                     " has " + waiting(*meeting->first));
        }
        if (meeting->gone == nullptr) {
            meeting->gone = &thread;
        }
    }
    if (++block.done == how_->threads) {
        block.shared.end();
    }
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

SharedMemory& Machine::shared(Thread& thread, int in_cluster, std::size_t offset, std::size_t bytes,
                              std::size_t alignment) {
    Block* block = thread.block;
    if (in_cluster >= how_->cluster || in_cluster < -1) {
        fail(FaultKind::shared_out_of_bounds, thread,
             "asks for the shared memory of block " + std::to_string(in_cluster) +
                 " in clusters of " + std::to_string(how_->cluster));
    }
    if (in_cluster != -1) {
        block = block->cluster->members[static_cast<std::size_t>(in_cluster)];
    }
    if (block != thread.block && !block->cluster->met) {
        fail(FaultKind::block_lifetime, thread,
             "asks for the shared memory of another block before any sync_cluster: it may not have "
             "started");
    }
    if (thread.checks) {
        if (offset > how_->shared_bytes || bytes > how_->shared_bytes - offset) {
            fail(FaultKind::shared_out_of_bounds, thread,
                 "asks for shared memory from byte " + std::to_string(offset) + " to " +
                     std::to_string(offset + bytes) + " of " + std::to_string(how_->shared_bytes));
        }
        if (offset % alignment != 0) {
            fail(FaultKind::misaligned, thread,
                 "asks for shared memory from byte " + std::to_string(offset) +
                     ", not a multiple of " + std::to_string(alignment));
        }
    }
    return block->shared;
}

void Machine::fail(FaultKind kind, const Thread& thread, const std::string& what) const {
    throw Fault(kind, "kernel " + how_->kernel + ", block " + std::to_string(thread.block->number) +
                          ", thread " + std::to_string(thread.rank) + ": " + name(kind) + ": " +
                          what);
}

namespace machine {

bool block_step(Thread& thread, Step step, bool value, std::source_location where) {
    return thread.machine->block_step(thread, step, value, where);
}

}  // namespace machine

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
