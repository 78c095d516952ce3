// SPDX-License-Identifier: MIT
#include "ptxas_log.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace shoal::test {
std::string demangle(const std::string& symbol) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> name(
        abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), &std::free);
    return status == 0 ? name.get() : symbol;
}

std::vector<KernelUse> read_ptxas_log(const std::string& text) {
    static const std::regex entry("ptxas info *: Compiling entry function '(.*)' for '(.*)'");
    static const std::regex memory(
        " *([0-9]+) bytes stack frame, ([0-9]+) bytes spill stores, ([0-9]+) bytes spill loads");
    static const std::regex registers("ptxas info *: Used ([0-9]+) registers.*");
    static const std::regex shared(".*[^0-9]([0-9]+) bytes smem.*");
    static const std::regex of_no_interest(
        "ptxas info *: (Function properties for|Compile time =|[0-9]+ bytes gmem).*");

    std::vector<KernelUse> kernels;
    std::istringstream lines(text);
    std::smatch found;
    const auto keep_most = [&](int& value, int group) {
        value = std::max(value, std::stoi(found[static_cast<std::size_t>(group)]));
    };
    for (std::string line; std::getline(lines, line);) {
        if (std::regex_match(line, found, entry)) {
            auto& kernel = kernels.emplace_back();
            kernel.kernel = demangle(found[1]);
            kernel.architecture = found[2];
        } else if (std::regex_match(line, of_no_interest)) {
            continue;
        } else if (kernels.empty()) {
            throw std::runtime_error("ptxas log, before any kernel: " + line);
        } else if (std::regex_match(line, found, memory)) {
            keep_most(kernels.back().stack, 1);
            keep_most(kernels.back().spill_stores, 2);
            keep_most(kernels.back().spill_loads, 3);
        } else if (std::regex_match(line, found, registers)) {
            keep_most(kernels.back().registers, 1);
            if (std::regex_match(line, found, shared)) {
                keep_most(kernels.back().static_shared, 1);
            }
        } else {
            throw std::runtime_error("ptxas log: " + line);
        }
    }
    return kernels;
}

}  // namespace shoal::test
