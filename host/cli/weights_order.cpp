// SPDX-License-Identifier: MIT
#include "cli/weights_order.hpp"

#include <fmt/format.h>

#include "core/text.hpp"

namespace shoal {

CLI::Option* add_order_option(CLI::App& command, std::string& order) {
    return command
        .add_option("--order", order,
                    "Order of the axes in the files: c, or matlab, which has them in reverse "
                    "(default: c; files that shoal wrote are read as they are)")
        ->check(CLI::IsMember({name_of(ArrayOrder::c), name_of(ArrayOrder::matlab)}));
}

ArrayOrder order_of(const std::string& order) {
    return value_named<ArrayOrder>(order).value_or(ArrayOrder::c);
}

WeightsFile weights_of(const std::string& path, const std::string& order) {
    WeightsFile weights = read_weights(path, order_of(order));
    if (order.empty() && order_is_open(path)) {
        fmt::print(
            stderr,
            "note: {}: shapes do not tell a matrix from its transpose; read as "
            "recurrent[to, from]. If it is [from, to], as from MATLAB, give --order matlab\n",
            printable(path));
    }
    return weights;
}

}  // namespace shoal
