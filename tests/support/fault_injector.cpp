// SPDX-License-Identifier: MIT
// Faults of disk and clock for a program that knows nothing of them (LD_PRELOAD; tools/torture sets
// the variables). Only files below one folder are meant, and the program must know it by its
// absolute path.
//   SHOAL_FAULTS_FOLDER    that folder
//   SHOAL_FAULTS_COUNTERS  a file of 64-bit counters that outlives the process: see Counters
//   SHOAL_FAULTS           what goes wrong, one of
//     fail CALL ERRNO AT ONCE  write, sync, rename, open, lock or remove (CALL: 0 ... 5) number AT
//                              fails; all after it too unless ONCE. A write that is to fail writes
//                              half first, as a full disk does.
//     rough SEED               reads and writes are cut short or interrupted at random
//     clock SEED               every look at the wall clock sees another hour, day or century
//     forget                   fsync does nothing and says that it did
//   SHOAL_FAULTS_JOURNAL   a folder on the same disk. Its file `journal` says, in order, what was
//                          written, flushed, created, renamed and removed; files that lose a name
//                          get one here, their inode number.
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <ctime>
#include <string>

#include "fault_plan.hpp"

using namespace shoal::faults;

namespace {

template <typename Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}
/// The function that stands behind the one of the same name here.
#define NEXT(name)                                                  \
    (*[] {                                                          \
        static const auto function = next<decltype(::name)>(#name); \
        return function;                                            \
    }())

template <typename Move>
ssize_t move_bytes(bool writing, int file, std::size_t size, const Move& move) {
    if (!ours(file)) {
        return move(size);
    }
    const ssize_t part = allowed(writing, size);
    if (part < 0) {
        return -1;
    }
    if (!writing) {
        return move(static_cast<std::size_t>(part));
    }
    Journal journal;
    journal.note_write(file);
    return move(static_cast<std::size_t>(part));
}

template <typename Resize>
int resized(int file, const Resize& resize) {
    if (!ours(file)) {
        return resize();
    }
    if (fails(write_call)) {
        return -1;
    }
    Journal journal;
    journal.note_write(file);
    return resize();
}

template <typename Open>
auto opened(const char* path, bool creates, const Open& open, decltype(open()) failure) {
    if (!ours(path)) {
        return open();
    }
    if (fails(open_call)) {
        return failure;
    }
    Journal journal;
    const bool fresh = creates && ::access(path, F_OK) != 0;
    const auto result = open();
    if (fresh && result != failure) {
        struct stat status {};
        ::lstat(path, &status);
        journal.note_name(path, status);
    }
    return result;
}

template <typename Sync>
int synced(int file, const Sync& sync) {
    if (!ours(file)) {
        return sync();
    }
    if (fails(sync_call)) {
        return -1;
    }
    if (plan().trouble == Trouble::forget) {
        ++plan().counters->faults;
        return 0;
    }
    Journal journal;
    const int result = sync();
    if (result == 0) {
        journal.note_flush(file);
    }
    return result;
}

template <typename Remove>
int removed(const std::string& path, const Remove& remove) {
    if (!ours(path.c_str())) {
        return remove();
    }
    if (fails(remove_call)) {
        return -1;
    }
    Journal journal;
    journal.keep(path.c_str());
    const int result = remove();
    if (result == 0) {
        journal.note("gone " + path);
    }
    return result;
}

bool creates(int flags) {
    return (flags & O_CREAT) != 0;
}

/// The optional argument of open and openat.
#define MODE_OF(flags, mode)              \
    mode_t mode = 0;                      \
    if (creates(flags)) {                 \
        va_list arguments;                \
        va_start(arguments, flags);       \
        mode = va_arg(arguments, mode_t); \
        va_end(arguments);                \
    }

std::string at(int folder, const char* path) {
    return folder == AT_FDCWD || path[0] == '/' ? path : path_of(folder) + "/" + path;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
    MODE_OF(flags, mode)
    return opened(
        path, creates(flags), [&] { return NEXT(open)(path, flags, mode); }, -1);
}
int open64(const char* path, int flags, ...) {
    MODE_OF(flags, mode)
    return opened(
        path, creates(flags), [&] { return NEXT(open64)(path, flags, mode); }, -1);
}
int openat(int folder, const char* path, int flags, ...) {
    MODE_OF(flags, mode)
    return opened(
        at(folder, path).c_str(), creates(flags),
        [&] { return NEXT(openat)(folder, path, flags, mode); }, -1);
}
int openat64(int folder, const char* path, int flags, ...) {
    MODE_OF(flags, mode)
    return opened(
        at(folder, path).c_str(), creates(flags),
        [&] { return NEXT(openat64)(folder, path, flags, mode); }, -1);
}
FILE* fopen(const char* path, const char* mode) {
    return opened(
        path, mode[0] != 'r', [&] { return NEXT(fopen)(path, mode); }, static_cast<FILE*>(nullptr));
}
FILE* fopen64(const char* path, const char* mode) {
    return opened(
        path, mode[0] != 'r', [&] { return NEXT(fopen64)(path, mode); },
        static_cast<FILE*>(nullptr));
}
DIR* opendir(const char* path) {
    return opened(
        path, false, [&] { return NEXT(opendir)(path); }, static_cast<DIR*>(nullptr));
}

ssize_t read(int file, void* data, std::size_t size) {
    return move_bytes(false, file, size, [&](std::size_t n) { return NEXT(read)(file, data, n); });
}
ssize_t pread(int file, void* data, std::size_t size, off_t from) {
    return move_bytes(false, file, size,
                      [&](std::size_t n) { return NEXT(pread)(file, data, n, from); });
}
ssize_t pread64(int file, void* data, std::size_t size, off64_t from) {
    return move_bytes(false, file, size,
                      [&](std::size_t n) { return NEXT(pread64)(file, data, n, from); });
}
ssize_t write(int file, const void* data, std::size_t size) {
    return move_bytes(true, file, size, [&](std::size_t n) { return NEXT(write)(file, data, n); });
}
ssize_t pwrite(int file, const void* data, std::size_t size, off_t to) {
    return move_bytes(true, file, size,
                      [&](std::size_t n) { return NEXT(pwrite)(file, data, n, to); });
}
ssize_t pwrite64(int file, const void* data, std::size_t size, off64_t to) {
    return move_bytes(true, file, size,
                      [&](std::size_t n) { return NEXT(pwrite64)(file, data, n, to); });
}
ssize_t writev(int file, const iovec* parts, int count) {
    if (!ours(file)) {
        return NEXT(writev)(file, parts, count);
    }
    // Writing the first part only is a short write, which every caller must expect.
    return count == 0 ? 0 : ::write(file, parts[0].iov_base, parts[0].iov_len);
}
int ftruncate(int file, off_t size) noexcept {
    return resized(file, [&] { return NEXT(ftruncate)(file, size); });
}
int ftruncate64(int file, off64_t size) noexcept {
    return resized(file, [&] { return NEXT(ftruncate64)(file, size); });
}
int flock(int file, int operation) noexcept {
    return ours(file) && fails(lock_call) ? -1 : NEXT(flock)(file, operation);
}

int fsync(int file) {
    return synced(file, [&] { return NEXT(fsync)(file); });
}
int fdatasync(int file) {
    return synced(file, [&] { return NEXT(fdatasync)(file); });
}

int rename(const char* from, const char* to) noexcept {
    if (!ours(from)) {
        return NEXT(rename)(from, to);
    }
    if (fails(rename_call)) {
        return -1;
    }
    Journal journal;
    journal.keep(to);
    const int result = NEXT(rename)(from, to);
    if (result == 0) {
        journal.note("rename " + std::string(from) + "\t" + to);
    }
    return result;
}
int mkdir(const char* path, mode_t mode) noexcept {
    return opened(
        path, true, [&] { return NEXT(mkdir)(path, mode); }, -1);
}
int unlink(const char* path) noexcept {
    return removed(path, [&] { return NEXT(unlink)(path); });
}
int unlinkat(int folder, const char* path, int flags) noexcept {
    return removed(at(folder, path), [&] { return NEXT(unlinkat)(folder, path, flags); });
}
int rmdir(const char* path) noexcept {
    return removed(path, [&] { return NEXT(rmdir)(path); });
}
int remove(const char* path) noexcept {
    return removed(path, [&] { return NEXT(remove)(path); });
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
    const int result = NEXT(clock_gettime)(clock, time);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        time->tv_sec = false_time(time->tv_sec);
    }
    return result;
}
int gettimeofday(timeval* time, void* zone) noexcept {
    const int result = NEXT(gettimeofday)(time, zone);
    if (result == 0) {
        time->tv_sec = false_time(time->tv_sec);
    }
    return result;
}
std::time_t time(std::time_t* result) noexcept {
    timespec now{};
    NEXT(clock_gettime)(CLOCK_REALTIME, &now);
    const std::time_t told = false_time(now.tv_sec);
    if (result != nullptr) {
        *result = told;
    }
    return told;
}

}  // extern "C"
