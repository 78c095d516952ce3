// SPDX-License-Identifier: MIT
#include "core/random.hpp"

#include <numeric>
#include <utility>

namespace shoal {

std::vector<std::uint32_t> random_permutation(RandomKey key, Purpose purpose, std::uint32_t n) {
    std::vector<std::uint32_t> order(n);
    std::iota(order.begin(), order.end(), 0u);
    for (std::uint32_t i = n; i > 1; --i) {
        const std::uint32_t j = uniform_index(random_bits(key, purpose, 0, 0, i - 1), i);
        std::swap(order[i - 1], order[j]);
    }
    return order;
}

}  // namespace shoal
