// SPDX-License-Identifier: MIT
#include "support/runtime.hpp"

namespace shoal::cuda {
namespace {

thread_local Phase* innermost = nullptr;

}  // namespace

Phase::Phase(const char* name, std::string_view first, std::string_view last, std::size_t networks)
    : name_(name), first_(first), last_(last), networks_(networks), outer_(innermost) {
    innermost = this;
    raw::push_range(name);
}

Phase::~Phase() {
    raw::pop_range();
    innermost = outer_;
}

std::string Phase::current() {
    if (innermost == nullptr) {
        return "";
    }
    std::string text = innermost->name_;
    if (innermost->networks_ == 1) {
        text += " of network " + std::string(innermost->first_);
    } else if (innermost->networks_ > 1) {
        text += " of " + std::to_string(innermost->networks_) + " networks (" +
                std::string(innermost->first_) + " to " + std::string(innermost->last_) + ")";
    }
    return text;
}

}  // namespace shoal::cuda
