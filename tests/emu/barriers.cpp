// SPDX-License-Identifier: MIT
// Barriers of blocks, clusters and grids: who arrives, who leaves the kernel, who is let go.
#include <utility>

#include "machine.hpp"

namespace shoal::emu {

void Meeting::reset() {
    arrived = 0;
    first = gone = nullptr;
    sync_point.renew();
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

namespace machine {

bool block_step(Thread& thread, Step step, bool value, std::source_location where) {
    return thread.machine->block_step(thread, step, value, where);
}

}  // namespace machine

}  // namespace shoal::emu
