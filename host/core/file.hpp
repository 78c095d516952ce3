// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shoal {

/// Whole file as bytes. Throws a file error (exit 3) that names the path and the reason.
std::vector<std::byte> read_file(const std::filesystem::path& path);
std::string read_text_file(const std::filesystem::path& path);

/// Replaces `path` atomically: `write(temporary)` fills a temporary file in the same folder, which
/// is then fsynced and renamed over `path`, and the folder fsynced. On any failure the temporary is
/// removed, `path` is as it was, and a file error says what went wrong (a full disk included).
void replace_file(const std::filesystem::path& path,
                  const std::function<void(const std::filesystem::path& temporary)>& write);

/// Same, for bytes already in memory.
void replace_file(const std::filesystem::path& path, std::span<const std::byte> content);
void replace_file(const std::filesystem::path& path, std::string_view content);

/// Throws a file error if the file system that holds `folder` has fewer than `bytes` bytes free.
void require_disk_space(const std::filesystem::path& folder, std::uint64_t bytes,
                        std::string_view what);

/// 64-bit xxHash (XXH3) of bytes.
std::uint64_t hash64(std::span<const std::byte> bytes);
std::uint64_t hash64(std::string_view text);
/// The same of a whole file, which may be larger than memory.
std::uint64_t hash64_of_file(const std::filesystem::path& path);
/// 16 lower-case hex digits.
std::string hex16(std::uint64_t value);

}  // namespace shoal
