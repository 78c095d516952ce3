// SPDX-License-Identifier: MIT
#include "store/seal.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/memory.hpp"

namespace shoal {
namespace {

static_assert(std::endian::native == std::endian::little, "the seal is stored as it is in memory");

constexpr std::string_view mark = "shoalXH3";
constexpr std::uint64_t seal_bytes = 16;

/// Hash of the next `bytes` bytes of a file.
std::uint64_t hash_of(std::ifstream& file, std::uint64_t bytes) {
    const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(),
                                                                         &XXH3_freeState);
    check(state != nullptr && XXH3_64bits_reset(state.get()) == XXH_OK, "hash state");
    std::vector<char> buffer(1 << 20);
    while (bytes > 0 && file) {
        const auto part =
            static_cast<std::streamsize>(std::min<std::uint64_t>(bytes, buffer.size()));
        file.read(buffer.data(), part);
        XXH3_64bits_update(state.get(), buffer.data(), static_cast<std::size_t>(file.gcount()));
        bytes -= static_cast<std::uint64_t>(file.gcount());
    }
    return XXH3_64bits_digest(state.get());
}

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
constexpr rlim_t least_seconds = 1;  // else fuzzing is mostly waiting for damaged files
#else
constexpr rlim_t least_seconds = 5;
#endif

/// Seconds of processor time within which any intact file of this size is read: one second per MB
/// comes on top, which leaves room for compressed data.
rlim_t generous_seconds(const std::filesystem::path& path) {
    std::error_code none;
    const std::uintmax_t bytes = std::filesystem::file_size(path, none);
    return least_seconds + (none ? 0 : static_cast<rlim_t>(bytes / 1'000'000));
}

/// Bytes of address space that this process has mapped.
rlim_t mapped_bytes() {
    std::uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    return pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE));
}

void limit(int resource, rlim_t value) {
    const rlimit limits{value, value};
    ::setrlimit(static_cast<__rlimit_resource_t>(resource), &limits);
}

/// Memory that a child process shares, for one text.
class SharedText {
  public:
    SharedText()
        : memory_(
              ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {}
    ~SharedText() {
        if (*this) {
            ::munmap(memory_, bytes);
        }
    }
    SharedText(const SharedText&) = delete;
    SharedText& operator=(const SharedText&) = delete;
    explicit operator bool() const { return memory_ != MAP_FAILED; }
    void put(const char* text) { std::strncpy(static_cast<char*>(memory_), text, bytes - 1); }
    std::string get() const { return static_cast<const char*>(memory_); }

  private:
    static constexpr std::size_t bytes = 4096;
    void* memory_;
};

/// Never returns. Leaves in `problem` what is wrong with the file.
[[noreturn]] void rehearse_here(const std::filesystem::path& path,
                                const std::function<void()>& read, rlim_t seconds,
                                SharedText& problem) {
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, seconds);
    limit(RLIMIT_AS, mapped_bytes() + available_memory());
    try {
        read();
    } catch (const Error& error) {
        problem.put(error.what());
    } catch (const std::bad_alloc&) {
        problem.put((path.string() + ": reading it takes more memory than is free").c_str());
    } catch (...) {
        // A bug of ours: the parent meets it too, and reports it.
    }
    ::_exit(0);
}

}  // namespace

void seal_file(const std::filesystem::path& path) {
    std::ifstream content(path, std::ios::binary);
    const std::uint64_t hash = hash_of(content, std::filesystem::file_size(path));
    std::ofstream file(path, std::ios::binary | std::ios::app);
    file.write(mark.data(), mark.size());
    file.write(reinterpret_cast<const char*>(&hash), sizeof hash);
    file.close();
    if (!content || !file) {
        throw file_error(
            fmt::format("{}: cannot be written: {}", path.string(), std::strerror(errno)));
    }
}

bool check_seal(const std::filesystem::path& path) {
    std::error_code problem;
    const std::uint64_t bytes = std::filesystem::file_size(path, problem);
    std::ifstream file(path, std::ios::binary);
    if (problem || !file || bytes < seal_bytes) {
        return false;
    }
    std::array<char, seal_bytes> seal{};
    file.seekg(static_cast<std::streamoff>(bytes - seal_bytes));
    file.read(seal.data(), seal.size());
    if (!file || std::string_view(seal.data(), mark.size()) != mark) {
        return false;
    }
    std::uint64_t hash = 0;
    std::memcpy(&hash, seal.data() + mark.size(), sizeof hash);
    file.seekg(0);
    if (hash_of(file, bytes - seal_bytes) != hash) {
        throw file_error(
            fmt::format("{}: is damaged: its checksum does not fit; restore it or run "
                        "the stage that wrote it again",
                        path.string()));
    }
    return true;
}

void rehearse(const std::filesystem::path& path, const std::function<void()>& read) {
    std::error_code none;
    if (!std::filesystem::is_regular_file(path, none)) {
        return;  // read() itself has the message
    }
    const rlim_t seconds = generous_seconds(path);
    SharedText problem;
    const pid_t child = problem ? ::fork() : -1;
    if (child == 0) {
        rehearse_here(path, read, seconds, problem);
    }
    int status = 0;
    bool ended = false;
    while (child > 0 && !(ended = ::waitpid(child, &status, 0) == child) && errno == EINTR) {
    }
    if (!ended) {
        throw file_error(
            fmt::format("{}: cannot be checked: {}", path.string(), std::strerror(errno)));
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        throw file_error(
            fmt::format("{}: is a damaged HDF5 file: the HDF5 library fails on it", path.string()));
    }
    if (const std::string text = problem.get(); !text.empty()) {
        throw file_error(text);
    }
}

}  // namespace shoal
