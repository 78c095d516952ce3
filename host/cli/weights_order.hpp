// SPDX-License-Identifier: MIT
// --order: in which order a weights file of another program has its axes.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "config/spec.hpp"
#include "store/exchange_files.hpp"

namespace shoal {

CLI::Option* add_order_option(CLI::App& command, std::string& order);

/// What --order says; empty: c.
ArrayOrder order_of(const std::string& order);

/// read_weights(). Where `order` is empty and nothing in the file says it, a line on stderr tells
/// which one was assumed.
WeightsFile weights_of(const std::string& path, const std::string& order);

}  // namespace shoal
