// SPDX-License-Identifier: MIT
// Text from files and command lines, on its way to a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace shoal {

/// Bytes of the character at the front of `text` if it is valid UTF-8 (RFC 3629) and no control
/// character but tab and line ends, else 0. U+0080 to U+009F are control characters too.
std::size_t character_bytes(std::string_view text);

/// Offset of the first byte that does not begin such a character; text.size() if there is none.
std::size_t first_bad_byte(std::string_view text);

/// The text with '?' for every byte that would not be shown but obeyed, or is not UTF-8. Line ends
/// stay.
std::string printable(std::string_view text);

/// A rate or a count (not negative) with three significant digits and its unit's prefix: "1.20 M",
/// "43.7 k", "340", "0.0215".
std::string three_digits(double value);

}  // namespace shoal
