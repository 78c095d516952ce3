// SPDX-License-Identifier: MIT
// Runs CUDA kernel bodies on the CPU, every thread a fiber, and watches them (tests/emu/README.md).
// The bodies are templates over a group; emu::Group is the group they get here
// (cuda/support/group.hpp says what each operation means).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <source_location>
#include <string>
#include <type_traits>

#include "cuda/support/group.hpp"
#include "fault.hpp"
#include "view.hpp"

namespace shoal::emu {

struct Launch {
    std::string kernel;  ///< for messages
    int blocks = 1;
    int threads = 32;              ///< per block, at most 1024
    std::size_t shared_bytes = 0;  ///< per block
    bool cooperative = false;      ///< all blocks at once, with sync_grid()
    int cluster = 1;               ///< blocks per cluster, at most 16
};

class Group;

/// Runs the body once per thread and returns when all have left it. Throws Fault, and what the body
/// throws; then nothing of the launch is left running. Host threads may launch at the same time.
void launch(const Launch& how, const std::function<void(const Group&)>& body);

/// The order in which threads that could run do run, in launches from now on: 0 in turn, starting
/// by rank; others shuffled. Blocks of an ordinary launch run one after the other, in order or
/// shuffled.
void set_schedule(std::uint64_t seed);

/// Off: neither accesses nor bounds are watched, so that a sanitizer is what reports. On at the
/// start.
enum class Watch { on, off };
void set_watch(Watch watch);

/// Memory that a kernel may be given: global() must lie within one registered range, the innermost
/// one around its first element. Ranges may nest, but not overlap otherwise.
void register_memory(const void* begin, std::size_t bytes, std::string owner);
/// Forgets the innermost range that begins here.
void forget_memory(const void* begin);

struct Thread;

enum class Step : std::uint8_t {
    start,
    sync,
    any,
    sync_cluster,
    sync_grid,
    sync_warp,
    shuffle,
    shuffle_xor,
    warp_sum,
    multiply_tf32,
    multiply_bf16
};

/// What Group is made of.
namespace machine {

using Lanes = std::uint64_t[cuda::warp_size];  ///< one value per lane, in its first bytes

bool block_step(Thread& thread, Step step, bool value, std::source_location where);
/// One arrival at a warp operation. `combine` turns what the lanes gave into what they get; null:
/// each lane gets the value of lane `source`.
std::uint64_t warp_step(Thread& thread, Step step, unsigned mask, std::source_location where,
                        std::uint64_t value, int source, void (*combine)(Lanes& values));
void multiply_tf32(Lanes& operands);
void multiply_bf16(Lanes& operands);
template <class Word>
struct TileOperands {
    float* d;
    const Word* a;
    const Word* b;
};

/// The shared memory of block `in_cluster`, -1 for the thread's own, once a view has been checked.
SharedMemory& shared(Thread& thread, int in_cluster, std::size_t offset, std::size_t bytes,
                     std::size_t alignment);
void check_global(const Thread& thread, const void* begin, std::size_t bytes,
                  std::size_t alignment);
const Actor& actor(const Thread& thread);

template <class T>
SHOAL_EMU_UNSEEN std::uint64_t pack(T value) {
    static_assert(sizeof(T) <= sizeof(std::uint64_t) && std::is_trivially_copyable_v<T>);
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    return bits;
}
template <class T>
SHOAL_EMU_UNSEEN T unpack(std::uint64_t bits) {
    T value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

/// Every lane adds what the lane at distance 16, 8, 4, 2, 1 has.
template <class T>
SHOAL_EMU_UNSEEN void butterfly(Lanes& values) {
    T sum[cuda::warp_size];
    T next[cuda::warp_size];
    for (int i = 0; i < cuda::warp_size; ++i) {
        sum[i] = unpack<T>(values[i]);
    }
    for (int distance = cuda::warp_size / 2; distance > 0; distance /= 2) {
        for (int i = 0; i < cuda::warp_size; ++i) {
            next[i] = sum[i] + sum[i ^ distance];
        }
        std::memcpy(sum, next, sizeof sum);
    }
    for (int i = 0; i < cuda::warp_size; ++i) {
        values[i] = pack(sum[i]);
    }
}

}  // namespace machine

/// The group of an emulated launch. Source lines are those of the callers.
class Group {
    using Where = std::source_location;

  public:
    explicit Group(Thread& thread);

    int block() const { return block_; }
    int blocks() const { return blocks_; }
    int rank() const { return rank_; }
    int size() const { return size_; }
    int lane() const { return rank_ % cuda::warp_size; }
    int warp() const { return rank_ / cuda::warp_size; }
    int warps() const { return (size_ + cuda::warp_size - 1) / cuda::warp_size; }

    void sync(Where where = Where::current()) const {
        machine::block_step(thread_, Step::sync, false, where);
    }
    bool any(bool mine, Where where = Where::current()) const {
        return machine::block_step(thread_, Step::any, mine, where);
    }
    void sync_grid(Where where = Where::current()) const {
        machine::block_step(thread_, Step::sync_grid, false, where);
    }
    void sync_cluster(Where where = Where::current()) const {
        machine::block_step(thread_, Step::sync_cluster, false, where);
    }
    /// Of the warp's operations the only one that orders memory.
    void sync_warp(unsigned mask = cuda::full_warp, Where where = Where::current()) const {
        machine::warp_step(thread_, Step::sync_warp, mask, where, 0, lane(), nullptr);
    }

    template <class T>
    T shuffle(T value, int from, unsigned mask = cuda::full_warp,
              Where where = Where::current()) const {
        return machine::unpack<T>(machine::warp_step(thread_, Step::shuffle, mask, where,
                                                     machine::pack(value), from, nullptr));
    }
    template <class T>
    T shuffle_xor(T value, int distance, unsigned mask = cuda::full_warp,
                  Where where = Where::current()) const {
        return machine::unpack<T>(machine::warp_step(thread_, Step::shuffle_xor, mask, where,
                                                     machine::pack(value), lane() ^ distance,
                                                     nullptr));
    }
    template <class T>
    T warp_sum(T value, Where where = Where::current()) const {
        return machine::unpack<T>(machine::warp_step(thread_, Step::warp_sum, cuda::full_warp,
                                                     where, machine::pack(value), lane(),
                                                     &machine::butterfly<T>));
    }
    /// Operands are cut to tf32 (the low 13 bits are ignored, as the device does). Each element of
    /// d gets its eight products in float, in order of k: exact products, a rounding per addition.
    /// The device rounds otherwise; compare with a bound, not bit for bit.
    __attribute__((always_inline)) void multiply_tf32(float (&d)[4], const float (&a)[4],
                                                      const float (&b)[2],
                                                      Where where = Where::current()) const {
        take(d, tile<Step::multiply_tf32>(&machine::multiply_tf32, where, d[0], d[1], d[2], d[3],
                                          a[0], a[1], a[2], a[3], b[0], b[1]));
    }
    /// Sixteen exact products of pairs of bf16 (the lower half first), in order of k as above.
    __attribute__((always_inline)) void multiply_bf16(float (&d)[4], const std::uint32_t (&a)[4],
                                                      const std::uint32_t (&b)[2],
                                                      Where where = Where::current()) const {
        take(d, tile<Step::multiply_bf16>(&machine::multiply_bf16, where, d[0], d[1], d[2], d[3],
                                          a[0], a[1], a[2], a[3], b[0], b[1]));
    }

    template <class T>
    View<T> shared(int offset, int count) const {
        return shared_view<T>(-1, offset, count);
    }
    /// `block`: its number in the cluster.
    template <class T>
    View<T> cluster_shared(int block, int offset, int count) const {
        return shared_view<T>(block, offset, count);
    }
    template <class T>
    View<T> global(T* pointer, std::int64_t count) const {
        const auto size = static_cast<std::size_t>(count);
        machine::check_global(thread_, pointer, size * sizeof(T), alignof(T));
        return View<T>(pointer, size, &machine::actor(thread_), nullptr);
    }
    template <class T>
    cuda::Four load4(const View<T>& view, std::ptrdiff_t i) const {
        static_assert(std::is_same_v<std::remove_const_t<T>, float>);
        const View<const float> from = view + i;
        if (reinterpret_cast<std::uintptr_t>(from.address()) % alignof(cuda::Four) != 0) {
            report_misaligned(machine::actor(thread_), from.address(), alignof(cuda::Four));
        }
        return {{from[0], from[1], from[2], from[3]}};
    }

    /// Copied at once: a missing wait_copies() is not found.
    template <class T>
    void copy16(const View<T>& to, const View<const T>& from) const {
        constexpr std::size_t bytes = 16;
        for (const void* address :
             {static_cast<const void*>(to.address()), static_cast<const void*>(from.address())}) {
            if (reinterpret_cast<std::uintptr_t>(address) % bytes != 0) {
                report_misaligned(machine::actor(thread_), address, bytes);
            }
        }
        for (std::size_t i = 0; i < bytes / sizeof(T); ++i) {
            to[i] = from[i];
        }
    }
    void wait_copies() const {}

  private:
    struct Sums {
        float d[4];
    };
    /// Operands by value: what a thread has in registers must not look like memory of several
    /// threads to ThreadSanitizer, whose fibers share stacks.
    template <Step step, class Word>
    SHOAL_EMU_UNSEEN __attribute__((noinline)) Sums tile(void (*multiply)(machine::Lanes&),
                                                         Where where, float d0, float d1, float d2,
                                                         float d3, Word a0, Word a1, Word a2,
                                                         Word a3, Word b0, Word b1) const {
        Sums sums{{d0, d1, d2, d3}};
        const Word a[4] = {a0, a1, a2, a3};
        const Word b[2] = {b0, b1};
        machine::TileOperands<Word> operands{sums.d, a, b};
        machine::warp_step(thread_, step, cuda::full_warp, where, machine::pack(&operands), lane(),
                           multiply);
        return sums;
    }
    __attribute__((always_inline)) static void take(float (&d)[4], const Sums& sums) {
        for (int i = 0; i < 4; ++i) {
            d[i] = sums.d[i];
        }
    }

    template <class T>
    View<T> shared_view(int in_cluster, int offset, int count) const {
        const auto begin = static_cast<std::size_t>(offset);
        const auto size = static_cast<std::size_t>(count);
        SharedMemory& memory =
            machine::shared(thread_, in_cluster, begin, size * sizeof(T), alignof(T));
        return View<T>(reinterpret_cast<T*>(memory.data() + begin), size, &machine::actor(thread_),
                       &memory);
    }

    Thread& thread_;
    int block_;
    int blocks_;
    int rank_;
    int size_;
};

}  // namespace shoal::emu
