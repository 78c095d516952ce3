// SPDX-License-Identifier: MIT
// What a kernel body may ask of the threads it runs on. Bodies in cuda/kernels/ are templates over
// a group: nvcc gives them CudaGroup (cuda/support/cuda_group.cuh), the tests give them threads
// emulated on the CPU (tests/emu). A group has
//
//   place     block(), blocks()            this block's number in the grid, and how many there are
//             rank(), size()               this thread's number in its block, how many there are
//             lane(), warp(), warps()      the same within and by warps of 32
//   barriers  sync()                       all threads of the block; what was written before it is
//                                          seen after it
//             any(bool)                    a barrier that tells every thread whether any said true
//             sync_warp(mask)              the lanes of `mask`
//             sync_grid(), sync_cluster()  in cooperative and cluster launches
//   warps     shuffle(v, lane, mask)       v of another lane
//             shuffle_xor(v, distance, mask)
//             warp_sum(v)                  sum over all 32 lanes by a butterfly: every lane gets
//                                          the same bits, in an order that never changes
//             multiply_tf32(d, a, b)       d += a b, one 16 x 8 x 8 tile (mma.m16n8k8):
//                                          d[4], a[4], b[2]
//             multiply_bf16(d, a, b)       the same, 16 x 8 x 16 with pairs of bf16 (mma.m16n8k16)
//   memory    shared<T>(offset, count)     `count` values of the block's shared memory from byte
//                                          `offset`
//             cluster_shared<T>(block, offset, count)   the same of another block of the cluster
//             global(pointer, count)       `count` values at a global address
//             load4(view, i)               values i ... i + 3 of a view in one access; 16-byte
//                                          aligned
//             copy16(to, from)             16 bytes at the begin of a global view to that of a
//                                          shared one, both so aligned
//             wait_copies()                this thread's copies are there for it; for others after
//                                          a barrier that follows
//
// Views are plain pointers on a device. In the emulation they check every access: bounds, shared
// memory that nobody wrote, and accesses of two threads with no barrier between them.
#pragma once

#if defined(__CUDACC__)
#define SHOAL_DEVICE __device__ __forceinline__
#define SHOAL_INLINE  // of a lambda; nvcc inlines them by itself
#define SHOAL_PRAGMA(text) _Pragma(#text)
#define SHOAL_UNROLL SHOAL_PRAGMA(unroll)
/// Unrolls so many rounds and no more: registers are scarce beside a recurrent matrix.
#define SHOAL_UNROLL_BY(rounds) SHOAL_PRAGMA(unroll rounds)
#else
// Inlined as on the device: an array that a body keeps in registers must not look like memory that
// two threads share.
#define SHOAL_DEVICE inline __attribute__((always_inline))
#define SHOAL_INLINE __attribute__((always_inline))
#define SHOAL_UNROLL
#define SHOAL_UNROLL_BY(rounds)
#endif

namespace shoal::cuda {

inline constexpr int warp_size = 32;
inline constexpr unsigned full_warp = 0xffffffffu;

/// Four floats that stand side by side.
struct alignas(16) Four {
    float v[4];
};

}  // namespace shoal::cuda
