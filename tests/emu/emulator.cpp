// SPDX-License-Identifier: MIT
// What bodies call, handed on to the machine; and the words of its messages.
#include "emulator.hpp"

#include <cstring>

#include "machine.hpp"

namespace shoal::emu {

Group::Group(Thread& thread)
    : thread_(thread),
      block_(thread.block->number),
      blocks_(thread.machine->how().blocks),
      rank_(thread.rank),
      size_(thread.machine->how().threads) {}

namespace machine {

SharedMemory& shared(Thread& thread, int in_cluster, std::size_t offset, std::size_t bytes,
                     std::size_t alignment) {
    return thread.machine->shared(thread, in_cluster, offset, bytes, alignment);
}

const Actor& actor(const Thread& thread) {
    return thread;
}

}  // namespace machine

void Machine::fail(FaultKind kind, const Thread& thread, const std::string& what) const {
    throw Fault(kind, "kernel " + how_->kernel + ", block " + std::to_string(thread.block->number) +
                          ", thread " + std::to_string(thread.rank) + ": " + name(kind) + ": " +
                          what);
}

void report_out_of_bounds(const Actor* who, bool shared, std::ptrdiff_t index, std::size_t count) {
    if (who == nullptr) {
        throw Fault(FaultKind::foreign_store, "access through a view of nothing");
    }
    if (!who->checks) {
        return;
    }
    const auto& thread = static_cast<const Thread&>(*who);
    thread.machine->fail(
        shared ? FaultKind::shared_out_of_bounds : FaultKind::foreign_store, thread,
        "touches element " + std::to_string(index) + " of a view of " + std::to_string(count) +
            (shared ? " in shared memory" : "") + " after " + name(thread.passed) + " (" +
            line_of(thread.passed_where) + ")");
}

void report_misaligned(const Actor& who, const void* address, std::size_t alignment) {
    const auto& thread = static_cast<const Thread&>(who);
    thread.machine->fail(FaultKind::misaligned, thread,
                         "address " + std::to_string(reinterpret_cast<std::uintptr_t>(address)) +
                             " is not a multiple of " + std::to_string(alignment));
}

const char* name(FaultKind kind) {
    switch (kind) {
        case FaultKind::race:
            return "race";
        case FaultKind::divergent_barrier:
            return "divergent_barrier";
        case FaultKind::shared_out_of_bounds:
            return "shared_out_of_bounds";
        case FaultKind::unwritten_shared:
            return "unwritten_shared";
        case FaultKind::warp_mask:
            return "warp_mask";
        case FaultKind::foreign_store:
            return "foreign_store";
        case FaultKind::misaligned:
            return "misaligned";
        case FaultKind::block_lifetime:
            return "block_lifetime";
        case FaultKind::deadlock:
            return "deadlock";
        case FaultKind::bad_launch:
            return "bad_launch";
    }
    return "";
}

const char* name(Step step) {
    switch (step) {
        case Step::start:
            return "the start";
        case Step::sync:
            return "sync";
        case Step::any:
            return "any";
        case Step::sync_cluster:
            return "sync_cluster";
        case Step::sync_grid:
            return "sync_grid";
        case Step::sync_warp:
            return "sync_warp";
        case Step::shuffle:
            return "shuffle";
        case Step::shuffle_xor:
            return "shuffle_xor";
        case Step::warp_sum:
            return "warp_sum";
        case Step::multiply_tf32:
            return "multiply_tf32";
        case Step::multiply_bf16:
            return "multiply_bf16";
    }
    return "";
}

bool same_line(std::source_location a, std::source_location b) {
    return a.line() == b.line() &&
           (a.file_name() == b.file_name() || std::strcmp(a.file_name(), b.file_name()) == 0);
}

std::string line_of(std::source_location where) {
    const char* slash = std::strrchr(where.file_name(), '/');
    return (slash == nullptr ? where.file_name() : slash + 1) +
           (":" + std::to_string(where.line()));
}

std::string hex(unsigned mask) {
    constexpr const char* digits = "0123456789abcdef";
    std::string text = "0x";
    for (int shift = 28; shift >= 0; shift -= 4) {
        text += digits[(mask >> shift) & 0xf];
    }
    return text;
}

std::string waiting(const Thread& thread) {
    return "thread " + std::to_string(thread.rank) + " at " + name(thread.step) + " (" +
           line_of(thread.where) + ")" +
           (thread.step < Step::sync_warp
                ? ""
                : " with mask " + hex(thread.warp->mask[static_cast<std::size_t>(thread.lane)]));
}

std::string waited_for(const Warp& warp, unsigned bit) {
    for (int lane = 0; lane < cuda::warp_size; ++lane) {
        if ((warp.pending >> lane & 1) != 0 &&
            (warp.mask[static_cast<std::size_t>(lane)] & bit) != 0) {
            return waiting(*warp.threads[lane]) + " waits for it";
        }
    }
    return "";
}

}  // namespace shoal::emu
