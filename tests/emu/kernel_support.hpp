// SPDX-License-Identifier: MIT
// What tests of single kernels share.
#pragma once

#include "emu/cuda_support.hpp"
#include "launch/launch.hpp"

namespace shoal::cuda {

template <typename T>
std::vector<T> normals(std::size_t count, std::uint32_t stream) {
    std::vector<T> values(count);
    for (std::size_t i = 0; i < count; ++i) {
        values[i] = static_cast<T>(standard_normal(
            random_bits({stream, 0}, Purpose::test, 0, 0, static_cast<std::uint32_t>(i))));
    }
    return values;
}

inline std::size_t number(int i) {
    return static_cast<std::size_t>(i);
}

template <typename T>
constexpr double epsilon = sizeof(T) == 4 ? 0x1p-24 : 0x1p-53;

/// Arrays on the device, in order of one stream.
class Device {
  public:
    template <typename T>
    DeviceArray<T> put(const std::vector<T>& values) {
        DeviceArray<T> array(std::span<const T>(values), stream);
        stream.synchronize();
        return array;
    }
    template <typename T>
    std::vector<T> get(const DeviceArray<T>& array) {
        std::vector<T> values(array.size());
        array.download(values, stream);
        stream.synchronize();
        return values;
    }
    Stream stream;
};

}  // namespace shoal::cuda
