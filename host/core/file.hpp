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

/// A file written from its beginning, through a buffer. Writes that are interrupted or cut short go
/// on, which those of the C library do not. File errors name `shown`.
class NewFile {
  public:
    NewFile(const std::filesystem::path& path, std::string shown);
    ~NewFile();
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;
    void put(std::span<const std::byte> bytes);
    /// Must be called once all is put: what is still in the buffer is written here.
    void close();

  private:
    void write_out(std::span<const std::byte> bytes);
    std::string shown_;
    int descriptor_;
    std::vector<std::byte> waiting_;
};

/// Replaces `path` atomically: `write(temporary)` fills a temporary file in the same folder, which
/// is then fsynced and renamed over `path`, and the folder fsynced. On any failure the temporary is
/// removed, `path` is as it was, and a file error says what went wrong (a full disk included).
void replace_file(const std::filesystem::path& path,
                  const std::function<void(const std::filesystem::path& temporary)>& write);

/// Same, for bytes already in memory.
void replace_file(const std::filesystem::path& path, std::span<const std::byte> content);
void replace_file(const std::filesystem::path& path, std::string_view content);

/// Flushes the names in a folder to disk: until then a power cut can bring back what was there.
void sync_folder(const std::filesystem::path& folder);

/// Creates `folder` and what is missing above it. Their names are flushed to disk: a file that is
/// flushed into a folder is not safe before the folder is.
void create_folders(const std::filesystem::path& folder);

/// Removes a folder if it is empty; one that holds something, or is absent, stays as it is. Throws
/// what else went wrong.
void remove_if_empty(const std::filesystem::path& folder);

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
