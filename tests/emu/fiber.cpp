// SPDX-License-Identifier: MIT
#include "fiber.hpp"

#include <sys/mman.h>

#include <atomic>
#include <new>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace shoal::emu {

namespace {

constexpr std::size_t page = 4096;
#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t stack_bytes = 64 * page;  // red zones make frames several times larger
#else
constexpr std::size_t stack_bytes = 32 * page;
#endif
constexpr std::size_t mapped_bytes = stack_bytes + page;  // the lowest page is the guard

struct KeepStack {
    void deallocate(boost::context::stack_context&) {}
};

}  // namespace

Context::Context() {
#if defined(SHOAL_EMU_TSAN)
    tsan_fiber_ = __tsan_get_current_fiber();
#endif
}

void Context::become_thread([[maybe_unused]] int which) {
#if defined(SHOAL_EMU_TSAN)
    void*& thread = tsan_threads_[static_cast<std::size_t>(which)];
    if (thread == nullptr) {
        thread = __tsan_create_fiber(0);  // takes half a millisecond, so they are kept
    }
    tsan_fiber_ = thread;
#endif
}

void SyncPoint::renew() {
#if defined(SHOAL_EMU_TSAN)
    places_ = std::make_unique<std::uint64_t[]>(2);  // freed memory has no past
#endif
}

Fiber::Fiber() {
    void* mapped = mmap(nullptr, mapped_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (mapped == MAP_FAILED) {
        throw std::bad_alloc();
    }
    mprotect(mapped, page, PROT_NONE);
    stack_ = static_cast<std::byte*>(mapped) + page;
    stack_size_ = stack_bytes;

    // Equal depths of all stacks would compete for the same few cache sets.
    static std::atomic<std::size_t> count{0};
    const std::size_t shift = (count++ % 16) * 256;
    auto* top = static_cast<std::byte*>(mapped) + mapped_bytes - shift;

    boost::context::stack_context whole;
    whole.sp = top;
    whole.size = stack_bytes - shift;
    resume_ = boost::context::fiber(std::allocator_arg,
                                    boost::context::preallocated(whole.sp, whole.size, whole),
                                    KeepStack{}, [this](boost::context::fiber&& left) {
                                        arrive(std::move(left));
                                        return leave(run());
                                    });
}

Fiber::~Fiber() {
#if defined(SHOAL_EMU_TSAN)
    for (void* thread : tsan_threads_) {
        if (thread != nullptr) {
            __tsan_destroy_fiber(thread);
        }
    }
#endif
    auto* mapped = const_cast<std::byte*>(static_cast<const std::byte*>(stack_)) - page;
#if defined(__SANITIZE_ADDRESS__)
    // The frames that stood here are poisoned, and whatever is mapped here next, be it a host
    // thread's own storage, would be taken for them.
    __asan_unpoison_memory_region(mapped, mapped_bytes);
#endif
    munmap(mapped, mapped_bytes);
}

}  // namespace shoal::emu
