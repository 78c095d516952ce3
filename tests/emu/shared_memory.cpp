// SPDX-License-Identifier: MIT
#include "shared_memory.hpp"

#include <sys/mman.h>

#include <cstring>
#include <new>
#include <string>

#include "machine.hpp"

namespace shoal::emu {

namespace {

constexpr std::align_val_t alignment{128};

#if defined(SHOAL_EMU_TSAN)
// Blocks that follow each other have this memory in common and nothing else. Mapped afresh it is,
// to ThreadSanitizer, memory that nobody has touched.
std::byte* allocate(std::size_t bytes) {
    void* mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) {
        throw std::bad_alloc();
    }
    return static_cast<std::byte*>(mapped);
}
void release(std::byte* data, std::size_t bytes) {
    munmap(data, bytes);
}
constexpr bool keeps = false;
#else
std::byte* allocate(std::size_t bytes) {
    return static_cast<std::byte*>(::operator new(bytes, alignment));
}
void release(std::byte* data, std::size_t) {
    ::operator delete(data, alignment);
}
constexpr bool keeps = true;
#endif

/// Whether a past access is before what `who` does now.
bool in_order(const Thread& who, const Access& past) {
    const Block& block = *who.block;
    const int threads = who.machine->how().threads;
    if (past.id / threads != block.in_cluster) {
        return past.epoch < block.cluster->epoch;
    }
    if (past.epoch < block.epoch) {
        return true;
    }
    const Warp& warp = *who.warp;
    const auto lane = static_cast<std::size_t>(past.id % threads % cuda::warp_size);
    return past.warp_id == who.warp_id &&
           (past.tick < warp.full_tick ||
            (warp.seen_used && past.tick < (*warp.seen)[static_cast<std::size_t>(who.lane)][lane]));
}

std::string after(const Thread& thread) {
    return "after " + std::string(name(thread.passed)) +
           (thread.passed == Step::start ? "" : " (" + line_of(thread.passed_where) + ")");
}

}  // namespace

SharedMemory::~SharedMemory() {
    if (data_ != nullptr) {
        release(data_, size_);
    }
}

void SharedMemory::reset(std::size_t bytes, std::uint32_t epoch) {
    if (!keeps || bytes != size_) {
        if (data_ != nullptr) {
            release(data_, size_);
            data_ = nullptr;
        }
        size_ = 0;
        if (bytes != 0) {
            data_ = allocate(bytes);
        }
        size_ = bytes;
    }
    if (words_size_ * 4 < bytes) {
        words_size_ = (bytes + 3) / 4;
        words_ = std::make_unique<Word[]>(words_size_);
        shadow_ = words_.get();
    }
    if (bytes != 0) {
        std::memset(data_, 0xff, bytes);
    }
    since_ = epoch;
    ended_ = false;
}

void SharedMemory::report_if_race(const Actor& who, const Access& past, std::size_t word,
                                  const char* did, const char* does) {
    const auto& thread = static_cast<const Thread&>(who);
    if (in_order(thread, past)) {
        return;
    }
    const auto threads = static_cast<std::size_t>(thread.machine->how().threads);
    const Block& block = *thread.block->cluster->members[past.id / threads];
    const Thread& other = *block.threads[past.id % threads];
    std::string text = does + std::string(" shared memory at byte ") + std::to_string(word * 4) +
                       " " + after(thread) + "; thread " + std::to_string(other.rank);
    if (&block != thread.block) {
        text += " of block " + std::to_string(block.number);
    }
    text += std::string(" ") + did + " it " + after(other) + " with no barrier between";
    if (other.status == Thread::Status::waiting) {
        text +=
            " and is now at " + std::string(name(other.step)) + " (" + line_of(other.where) + ")";
    }
    thread.machine->fail(FaultKind::race, thread, text);
}

void SharedMemory::report_unwritten(const Actor& who, std::size_t word) {
    const auto& thread = static_cast<const Thread&>(who);
    thread.machine->fail(FaultKind::unwritten_shared, thread,
                         "reads shared memory at byte " + std::to_string(word * 4) + " " +
                             after(thread) + ", which no thread of the block has written");
}

void SharedMemory::report_ended(const Actor& who) {
    const auto& thread = static_cast<const Thread&>(who);
    thread.machine->fail(FaultKind::block_lifetime, thread,
                         "touches the shared memory of a block that has left the kernel");
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

}  // namespace shoal::emu
