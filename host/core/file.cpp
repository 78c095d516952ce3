// SPDX-License-Identifier: MIT
#include "core/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

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

void sync_path(const std::filesystem::path& path, int flags) {
    const Descriptor file(path, flags);
    if (file.get() < 0 || ::fsync(file.get()) != 0) {
        throw file_error(fmt::format("{}: cannot be flushed to disk: {}", path.string(), reason()));
    }
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
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    std::filesystem::path temporary = path;
    temporary += fmt::format(".tmp-{}", ::getpid());
    try {
        write(temporary);
        sync_path(temporary, O_RDWR);
        if (::rename(temporary.c_str(), path.c_str()) != 0) {
            throw file_error(fmt::format("{}: cannot be replaced: {}", path.string(), reason()));
        }
        sync_path(folder, O_RDONLY | O_DIRECTORY);
    } catch (...) {
        std::error_code ignored;
        std::filesystem::remove(temporary, ignored);
        throw;
    }
}

void replace_file(const std::filesystem::path& path, std::span<const std::byte> content) {
    replace_file(path, [&](const std::filesystem::path& temporary) {
        const Descriptor file(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (file.get() < 0) {
            throw file_error(fmt::format("{}: cannot be created: {}", path.string(), reason()));
        }
        std::size_t done = 0;
        while (done < content.size()) {
            const ssize_t put = ::write(file.get(), content.data() + done, content.size() - done);
            if (put < 0 && errno == EINTR) {
                continue;
            }
            if (put < 0) {
                throw file_error(fmt::format("{}: cannot be written: {}", path.string(), reason()));
            }
            done += static_cast<std::size_t>(put);
        }
    });
}

void replace_file(const std::filesystem::path& path, std::string_view content) {
    replace_file(path, std::as_bytes(std::span(content.data(), content.size())));
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
