// SPDX-License-Identifier: MIT
#include "core/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

#include "core/error.hpp"
#include "core/memory.hpp"

namespace shoal {
namespace {

std::string reason() {
    return std::strerror(errno);
}

/// Owns a POSIX file descriptor.
class Descriptor {
  public:
    Descriptor(const std::filesystem::path& path, int flags, mode_t mode = 0)
        : value_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
    ~Descriptor() {
        if (value_ >= 0) {
            ::close(value_);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return value_; }

  private:
    int value_;
};

/// `shown` stands in the message.
void sync_path(const std::filesystem::path& path, int flags, const std::filesystem::path& shown) {
    const Descriptor file(path, flags);
    if (file.get() < 0 || ::fsync(file.get()) != 0) {
        throw file_error(
            fmt::format("{}: cannot be flushed to disk: {}", shown.string(), reason()));
    }
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
    return path.has_parent_path() ? path.parent_path() : ".";
}
/// A regular file that is being read from its start.
class Input {
  public:
    explicit Input(const std::filesystem::path& path) : path_(path), file_(path, O_RDONLY) {
        if (file_.get() < 0) {
            throw file_error(fmt::format("{}: cannot be opened: {}", path.string(), reason()));
        }
        if (::fstat(file_.get(), &status_) != 0) {
            throw file_error(fmt::format("{}: cannot be read: {}", path.string(), reason()));
        }
        if (!S_ISREG(status_.st_mode)) {
            throw file_error(fmt::format("{}: is not a regular file", path.string()));
        }
    }
    std::size_t size() const { return static_cast<std::size_t>(status_.st_size); }
    /// Fills the buffer as far as the file goes; returns how far.
    std::size_t fill(std::span<std::byte> buffer) {
        std::size_t done = 0;
        while (done < buffer.size()) {
            const ssize_t got = ::read(file_.get(), buffer.data() + done, buffer.size() - done);
            if (got < 0 && errno == EINTR) {
                continue;
            }
            if (got < 0) {
                throw file_error(fmt::format("{}: cannot be read: {}", path_.string(), reason()));
            }
            if (got == 0) {
                break;
            }
            done += static_cast<std::size_t>(got);
        }
        return done;
    }

  private:
    std::filesystem::path path_;
    Descriptor file_;
    struct stat status_ {};
};

}  // namespace

NewFile::NewFile(const std::filesystem::path& path, std::string shown)
    : shown_(std::move(shown)),
      descriptor_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {
    if (descriptor_ < 0) {
        throw file_error(fmt::format("{}: cannot be created: {}", shown_, reason()));
    }
}

NewFile::~NewFile() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

void NewFile::put(std::span<const std::byte> bytes) {
    constexpr std::size_t buffer_size = 1 << 16;
    if (waiting_.size() + bytes.size() > buffer_size) {
        write_out(waiting_);
        waiting_.clear();
    }
    if (bytes.size() > buffer_size) {
        write_out(bytes);
    } else {
        waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
    }
}

void NewFile::write_out(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t put = ::write(descriptor_, bytes.data(), bytes.size());
        if (put < 0 && errno != EINTR) {
            throw file_error(fmt::format("{}: cannot be written: {}", shown_, reason()));
        }
        bytes = bytes.subspan(static_cast<std::size_t>(std::max<ssize_t>(put, 0)));
    }
}

void NewFile::close() {
    write_out(waiting_);
    waiting_.clear();
    if (::close(std::exchange(descriptor_, -1)) != 0) {
        throw file_error(fmt::format("{}: cannot be written: {}", shown_, reason()));
    }
}

std::vector<std::byte> read_file(const std::filesystem::path& path) {
    Input file(path);
    if (file.size() > available_memory()) {  // a file may have any length and store nothing
        throw file_error(
            fmt::format("{}: has {} bytes, more than the free memory", path.string(), file.size()));
    }
    std::vector<std::byte> content(file.size());
    content.resize(file.fill(content));  // it may shrink while it is read
    return content;
}

std::string read_text_file(const std::filesystem::path& path) {
    const auto bytes = read_file(path);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void replace_file(const std::filesystem::path& path,
                  const std::function<void(const std::filesystem::path& temporary)>& write) {
    std::filesystem::path temporary = path;
    temporary += fmt::format(".tmp-{}", ::getpid());
    try {
        write(temporary);
        sync_path(temporary, O_RDWR, path);
        if (::rename(temporary.c_str(), path.c_str()) != 0) {
            throw file_error(fmt::format("{}: cannot be replaced: {}", path.string(), reason()));
        }
        sync_folder(folder_of(path));
    } catch (...) {
        std::error_code ignored;
        std::filesystem::remove(temporary, ignored);
        throw;
    }
}

void replace_file(const std::filesystem::path& path, std::span<const std::byte> content) {
    replace_file(path, [&](const std::filesystem::path& temporary) {
        NewFile file(temporary, path.string());
        file.put(content);
        file.close();
    });
}

void replace_file(const std::filesystem::path& path, std::string_view content) {
    replace_file(path, std::as_bytes(std::span(content.data(), content.size())));
}

void sync_folder(const std::filesystem::path& folder) {
    sync_path(folder, O_RDONLY | O_DIRECTORY, folder);
}

void create_folders(const std::filesystem::path& folder) {
    std::error_code problem;
    if (std::filesystem::is_directory(folder, problem)) {
        return;
    }
    const std::filesystem::path parent = folder_of(folder);
    create_folders(parent);
    std::filesystem::create_directory(folder, problem);
    if (problem) {
        throw file_error(
            fmt::format("{}: cannot be created: {}", folder.string(), problem.message()));
    }
    sync_folder(parent);
}

void remove_if_empty(const std::filesystem::path& folder) {
    std::error_code problem;
    std::filesystem::remove(folder, problem);
    if (problem && problem != std::errc::directory_not_empty && problem != std::errc::file_exists) {
        throw std::filesystem::filesystem_error("cannot remove", folder, problem);
    }
}

void require_disk_space(const std::filesystem::path& folder, std::uint64_t bytes,
                        std::string_view what) {
    std::error_code problem;
    const auto space = std::filesystem::space(folder, problem);
    if (problem) {
        throw file_error(
            fmt::format("{}: free space unknown: {}", folder.string(), problem.message()));
    }
    if (space.available < bytes) {
        throw file_error(fmt::format("{}: {} needs {:.1f} MB of disk, {:.1f} MB are free",
                                     folder.string(), what, static_cast<double>(bytes) / 1e6,
                                     static_cast<double>(space.available) / 1e6));
    }
}

std::uint64_t hash64(std::span<const std::byte> bytes) {
    return XXH3_64bits(bytes.data(), bytes.size());
}

std::uint64_t hash64(std::string_view text) {
    return XXH3_64bits(text.data(), text.size());
}

std::uint64_t hash64_of_file(const std::filesystem::path& path) {
    Input file(path);
    const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(),
                                                                         &XXH3_freeState);
    check(state != nullptr && XXH3_64bits_reset(state.get()) == XXH_OK, "hash state");
    std::vector<std::byte> buffer(std::size_t{1} << 20);
    for (std::size_t got = buffer.size(); got == buffer.size();) {
        got = file.fill(buffer);
        XXH3_64bits_update(state.get(), buffer.data(), got);
    }
    return XXH3_64bits_digest(state.get());
}

std::string hex16(std::uint64_t value) {
    return fmt::format("{:016x}", value);
}

}  // namespace shoal
