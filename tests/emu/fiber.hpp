// SPDX-License-Identifier: MIT
// Stacks to switch between, announced to the sanitizers.
#pragma once

#include <boost/context/fiber.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace shoal::emu {

/// What runs on one stack: a fiber, or the host thread itself (the default constructor).
class Context {
  public:
    Context();
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    /// Leaves this context, which must be the running one, for another, and returns when some other
    /// context switches back.
    void switch_to(Context& other);

    /// ThreadSanitizer only: from here on this context, not the running one, counts as a new
    /// thread, started by the running one.
    void become_new_thread();

  protected:
    /// First code on a new stack.
    void arrive(boost::context::fiber&& left);
    /// Leaves a stack for good: what the fiber's function has to return.
    boost::context::fiber leave(Context& other);
    void announce(Context& other, bool for_good);

    boost::context::fiber resume_;  ///< continues this context; empty while it runs
    Context* came_from_ = nullptr;  ///< who switched to this one last
    const void* stack_ = nullptr;   ///< lowest address
    std::size_t stack_size_ = 0;
    void* asan_stack_ = nullptr;
    void* tsan_fiber_ = nullptr;
    bool owns_tsan_fiber_ = false;
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

    static void release(void* place);
    static void acquire(void* place);

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
