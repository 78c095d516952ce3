// SPDX-License-Identifier: MIT
// The group of cuda/support/group.hpp on a device: thin names for CUDA's own.
#pragma once

#include <cooperative_groups.h>

#include "support/group.hpp"

namespace shoal::cuda {

class CudaGroup {
  public:
    __device__ int block() const { return static_cast<int>(blockIdx.x); }
    __device__ int blocks() const { return static_cast<int>(gridDim.x); }
    __device__ int rank() const { return static_cast<int>(threadIdx.x); }
    __device__ int size() const { return static_cast<int>(blockDim.x); }
    __device__ int lane() const { return rank() % warp_size; }
    __device__ int warp() const { return rank() / warp_size; }
    __device__ int warps() const { return size() / warp_size; }

    __device__ void sync() const { __syncthreads(); }
    __device__ bool any(bool value) const { return __syncthreads_or(value) != 0; }
    __device__ void sync_warp(unsigned mask = full_warp) const { __syncwarp(mask); }
    __device__ void sync_grid() const { cooperative_groups::this_grid().sync(); }

    template <typename T>
    __device__ T shuffle(T value, int lane, unsigned mask = full_warp) const {
        return __shfl_sync(mask, value, lane);
    }
    template <typename T>
    __device__ T shuffle_xor(T value, int distance, unsigned mask = full_warp) const {
        return __shfl_xor_sync(mask, value, distance);
    }
    template <typename T>
    __device__ T warp_sum(T value) const {
        for (int distance = warp_size / 2; distance > 0; distance /= 2) {
            value += shuffle_xor(value, distance);
        }
        return value;
    }
    __device__ void multiply_tf32(float (&d)[4], const float (&a)[4], const float (&b)[2]) const {
        asm volatile(
            "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, "
            "{%8,%9}, "
            "{%0,%1,%2,%3};"
            : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
            : "r"(__float_as_uint(a[0])), "r"(__float_as_uint(a[1])), "r"(__float_as_uint(a[2])),
              "r"(__float_as_uint(a[3])), "r"(__float_as_uint(b[0])), "r"(__float_as_uint(b[1])));
    }

    __device__ void multiply_bf16(float (&d)[4], const std::uint32_t (&a)[4],
                                  const std::uint32_t (&b)[2]) const {
        asm volatile(
            "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, "
            "{%8,%9}, "
            "{%0,%1,%2,%3};"
            : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
            : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
    }

    template <typename T>
    __device__ void copy16(T* to, const T* from) const {
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(
                         static_cast<unsigned>(__cvta_generic_to_shared(to))),
                     "l"(__cvta_generic_to_global(from))
                     : "memory");
    }
    __device__ void wait_copies() const { asm volatile("cp.async.wait_all;" ::: "memory"); }

    template <typename T>
    __device__ T* shared(int offset, int) const {
        return reinterpret_cast<T*>(shared_memory() + offset);
    }
    template <typename T>
    __device__ T* global(T* pointer, std::int64_t) const {
        return pointer;
    }
    __device__ Four load4(const float* view, std::int64_t i) const {
        const float4 four = *reinterpret_cast<const float4*>(view + i);
        return {{four.x, four.y, four.z, four.w}};
    }
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900  // older devices have no clusters
    __device__ void sync_cluster() const {
        cooperative_groups::this_cluster().sync();
    }
    template <typename T>
    __device__ T* cluster_shared(int block, int offset, int) const {
        return cooperative_groups::this_cluster().map_shared_rank(
            reinterpret_cast<T*>(shared_memory() + offset), block);
    }
#endif

  private:
    __device__ static unsigned char* shared_memory() {
        extern __shared__ __align__(128) unsigned char memory[];
        return memory;
    }
};

}  // namespace shoal::cuda
