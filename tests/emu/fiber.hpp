// SPDX-License-Identifier: MIT
// Stacks to switch between, announced to the sanitizers.
#pragma once

#include <array>
#include <boost/context/fiber.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif
// The emulator is compiled without -fsanitize=thread, so the build says whether the program has it.
#if defined(SHOAL_EMU_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

namespace shoal::emu {

/// What runs on one stack: a fiber, or the host thread itself (the default constructor).
class Context {
  public:
    Context();
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    /// Leaves this context, which must be the running one, for another, and returns when some other
    /// context switches back. Inline, like all that leads here from a body: after a switch the
    /// processor mispredicts every return.
    void switch_to(Context& other) {
        other.came_from_ = this;
        announce(other, false);
        arrive(std::move(other.resume_).resume());
    }

    /// ThreadSanitizer only: this context, not the running one, counts from here on as one of two
    /// threads, each in order with itself and with what it acquires.
    void become_thread(int which);

  protected:
    /// First code on a new stack, or on an old one again.
    void arrive(boost::context::fiber&& left) {
#if defined(__SANITIZE_ADDRESS__)
        __sanitizer_finish_switch_fiber(asan_stack_, &came_from_->stack_, &came_from_->stack_size_);
#endif
        came_from_->resume_ = std::move(left);
    }
    /// Leaves a stack for good: what the fiber's function has to return.
    boost::context::fiber leave(Context& other) {
        other.came_from_ = this;
        announce(other, true);
        return std::move(other.resume_);
    }
    void announce([[maybe_unused]] Context& other, [[maybe_unused]] bool for_good) {
#if defined(__SANITIZE_ADDRESS__)
        __sanitizer_start_switch_fiber(for_good ? nullptr : &asan_stack_, other.stack_,
                                       other.stack_size_);
#endif
#if defined(SHOAL_EMU_TSAN)
        if (tsan_fiber_ != other.tsan_fiber_) {
            __tsan_switch_to_fiber(other.tsan_fiber_, __tsan_switch_to_fiber_no_sync);
        }
#endif
    }

    boost::context::fiber resume_;  ///< continues this context; empty while it runs
    Context* came_from_ = nullptr;  ///< who switched to this one last
    const void* stack_ = nullptr;   ///< lowest address
    std::size_t stack_size_ = 0;
    void* asan_stack_ = nullptr;
    void* tsan_fiber_ = nullptr;
    std::array<void*, 2> tsan_threads_{};
};

/// A barrier as ThreadSanitizer sees it; nothing without it. What a context did before release() is
/// before what another does after it has acquired the same place.
class SyncPoint {
  public:
    /// Forgets who has been here.
    void renew();
    /// The place for the barrier that is being waited at. Two take turns: who arrives at the next
    /// barrier early must not be in order with who leaves this one late.
    void* place() const { return places_ == nullptr ? nullptr : &places_[uses_ % 2]; }
    /// The barrier has let its threads go.
    void pass() { ++uses_; }

    static void release([[maybe_unused]] void* place) {
#if defined(SHOAL_EMU_TSAN)
        __tsan_release(place);
#endif
    }
    static void acquire([[maybe_unused]] void* place) {
#if defined(SHOAL_EMU_TSAN)
        __tsan_acquire(place);
#endif
    }

  private:
    std::unique_ptr<std::uint64_t[]> places_;
    std::uint32_t uses_ = 0;
};

/// A context with a stack of its own, on which run() runs once.
class Fiber : public Context {
  public:
    Fiber();

  protected:
    ~Fiber();
    /// Returns the context that goes on when this fiber has ended.
    virtual Context& run() = 0;
};

}  // namespace shoal::emu
