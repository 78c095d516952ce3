// SPDX-License-Identifier: MIT
#include "core/text.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>

namespace shoal {
namespace {

/// Length of the UTF-8 sequence at the front of `text`, 0 if it is not valid (RFC 3629: no overlong
/// forms, no surrogates, nothing above U+10FFFF).
std::size_t sequence_bytes(std::string_view text) {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : std::uint32_t{0};
    };
    const std::uint32_t lead = byte(0);
    if (lead < 0x80) {
        return 1;
    }
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0u) != 0x80u) {
            return 0;
        }
    }
    const std::uint32_t second = byte(1);
    const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
    const bool outside = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
    return overlong || outside ? 0 : length;
}

}  // namespace

std::size_t character_bytes(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const bool blank = byte(0) == '\t' || byte(0) == '\n' || byte(0) == '\r';
    if ((byte(0) < 0x20 && !blank) || byte(0) == 0x7F) {
        return 0;
    }
    const std::size_t length = sequence_bytes(text);
    return length == 2 && byte(0) == 0xC2 && byte(1) < 0xA0 ? 0 : length;
}

std::size_t first_bad_byte(std::string_view text) {
    std::size_t i = 0;
    while (i < text.size()) {
        const std::size_t length = character_bytes(text.substr(i));
        if (length == 0) {
            break;
        }
        i += length;
    }
    return i;
}

std::string printable(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        // A carriage return would write over what stands before it.
        const std::size_t length = text[0] == '\r' ? 0 : character_bytes(text);
        out += length == 0 ? std::string_view("?") : text.substr(0, length);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

std::string three_digits(double value) {
    constexpr const char* prefixes[] = {"", " k", " M", " G", " T", " P"};
    value = std::stod(fmt::format("{:.2e}", value));  // rounded first: 999.6 is 1.00 k
    std::size_t prefix = 0;
    for (; value >= 1000.0 && prefix + 1 < std::size(prefixes); ++prefix) {
        value /= 1000.0;
    }
    if (value < 1.0) {
        return fmt::format("{:#.3g}", value);
    }
    return fmt::format("{:.{}f}{}", value,
                       value >= 100.0  ? 0
                       : value >= 10.0 ? 1
                                       : 2,
                       prefixes[prefix]);
}

}  // namespace shoal
