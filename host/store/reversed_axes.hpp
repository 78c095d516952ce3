// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#include "store/hdf5.hpp"

namespace shoal::hdf5 {

/// An array with its axes in reverse order; its last one varies fastest, before and after.
template <class T>
std::vector<T> reversed(const std::vector<T>& values, const Extents& extents) {
    std::vector<std::size_t> strides;  // in the answer, of the axes of `values`
    std::size_t stride = 1;
    for (const std::uint64_t extent : extents) {
        strides.push_back(stride);
        stride *= extent;
    }
    std::vector<T> answer(values.size());
    Extents at(extents.size(), 0);
    std::size_t to = 0;
    for (const T& value : values) {
        answer[to] = value;
        for (std::size_t axis = extents.size(); axis-- > 0;) {
            to += strides[axis];
            if (++at[axis] < extents[axis]) {
                break;
            }
            to -= strides[axis] * extents[axis];
            at[axis] = 0;
        }
    }
    return answer;
}

}  // namespace shoal::hdf5
