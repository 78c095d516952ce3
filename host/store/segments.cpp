// SPDX-License-Identifier: MIT
#include "store/segments.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <memory>
#include <utility>

#include "core/error.hpp"
#include "core/file.hpp"
#include "records/full_records.hpp"
#include "store/described_bytes.hpp"

namespace shoal {
namespace {

constexpr std::uint64_t magic = 0x316b6c616f6873ull;  // "shoalk1"
constexpr std::uint32_t format_version = 3;
constexpr std::size_t header_size = sizeof magic + sizeof format_version;
constexpr std::size_t checksum_size = sizeof(std::uint64_t);

using HashState = std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)>;

HashState new_hash() {
    HashState state(XXH3_createState(), &XXH3_freeState);
    XXH3_64bits_reset(state.get());
    return state;
}

/// A file being written, with the running hash of what went in.
class OutputFile {
  public:
    OutputFile(const std::filesystem::path& name, const std::filesystem::path& temporary)
        : file_(temporary, name.string()) {}
    void put(const void* data, std::size_t size) {
        if (size == 0) {
            return;  // an empty record may have no memory at all
        }
        XXH3_64bits_update(state_.get(), data, size);
        file_.put({static_cast<const std::byte*>(data), size});
    }
    std::uint64_t hash() const { return XXH3_64bits_digest(state_.get()); }
    void close() { file_.close(); }

  private:
    NewFile file_;
    HashState state_ = new_hash();
};

class InputFile {
  public:
    explicit InputFile(const std::filesystem::path& path)
        : name_(path.string()), file_(path, std::ios::binary) {
        require(file_.good());
        std::error_code problem;
        size_ = std::filesystem::file_size(path, problem);
        errno = problem.value();
        require(!problem);
    }
    std::uint64_t size() const { return size_; }
    void seek(std::uint64_t offset) { file_.seekg(static_cast<std::streamoff>(offset)); }
    void get(void* data, std::size_t size) {
        errno = 0;
        file_.read(static_cast<char*>(data), static_cast<std::streamsize>(size));
        require(file_.good());
    }
    template <typename T>
    T get() {
        T value{};
        get(&value, sizeof value);
        return value;
    }
    /// Hash of everything before `end`; leaves the file at `end`.
    std::uint64_t hash_up_to(std::uint64_t end) {
        const HashState state = new_hash();
        std::vector<char> chunk(std::size_t{1} << 20);
        seek(0);
        for (std::uint64_t at = 0; at < end;) {
            const std::size_t size = std::min<std::uint64_t>(chunk.size(), end - at);
            get(chunk.data(), size);
            XXH3_64bits_update(state.get(), chunk.data(), size);
            at += size;
        }
        return XXH3_64bits_digest(state.get());
    }

  private:
    void require(bool good) const {
        if (!good) {
            throw file_error(fmt::format("{}: cannot be read: {}", name_,
                                         errno == 0 ? "it ends too soon" : std::strerror(errno)));
        }
    }
    std::string name_;
    std::ifstream file_;
    std::uint64_t size_ = 0;
};

}  // namespace

void write_sealed(const std::filesystem::path& path,
                  const std::function<void(const PutRecord& put)>& write_records) {
    replace_file(path, [&](const std::filesystem::path& temporary) {
        OutputFile out(path, temporary);
        out.put(&magic, sizeof magic);
        out.put(&format_version, sizeof format_version);
        write_records([&](std::span<const std::byte> record) {
            const auto size = static_cast<std::uint64_t>(record.size());
            out.put(&size, sizeof size);
            out.put(record.data(), record.size());
        });
        const std::uint64_t sum = out.hash();
        out.put(&sum, sizeof sum);
        out.close();
    });
}

void read_sealed(const std::filesystem::path& path,
                 const std::function<void(std::span<const std::byte> record, std::uint64_t offset)>&
                     use_record) {
    InputFile in(path);
    if (in.size() < header_size + checksum_size || in.get<std::uint64_t>() != magic) {
        throw file_error(
            fmt::format("{}: is not a shoal checkpoint file, or it is damaged", path.string()));
    }
    const auto version = in.get<std::uint32_t>();
    if (version != format_version) {
        throw file_error(fmt::format("{}: has checkpoint format {}; this program reads format {}",
                                     path.string(), version, format_version));
    }
    const std::uint64_t end = in.size() - checksum_size;
    if (in.hash_up_to(end) != in.get<std::uint64_t>()) {
        throw file_error(
            fmt::format("{}: is damaged (its checksum does not match)", path.string()));
    }
    in.seek(header_size);
    std::vector<std::byte> record;
    for (std::uint64_t at = header_size; at < end;) {
        const bool whole = end - at >= sizeof(std::uint64_t);
        const std::uint64_t size = whole ? in.get<std::uint64_t>() : 0;
        at += sizeof size;
        if (!whole || size > end - at) {
            throw file_error(fmt::format("{}: is damaged (record too long)", path.string()));
        }
        record.resize(size);
        in.get(record.data(), record.size());
        use_record(record, at);
        at += size;
    }
}

namespace {

/// What no checksum says: a point is reached from runs that there are.
template <typename Record>
void check_places(const Record&) {}
template <>
void check_places(const NetworkAnalysis& analysis) {
    for (const FixedPoint& point : analysis.points) {
        for (const int from : point.reached_from) {
            if (from < 0 || static_cast<std::size_t>(from) >= analysis.runs.size()) {
                throw file_error("record has a point reached from no run");
            }
        }
    }
}
template <>
void check_places(const BegunAnalysis& begun) {
    check_places(begun.analysis);
}

template <typename Record>
Record record_of(std::span<const std::byte> bytes, const std::filesystem::path& path) {
    Record record;
    ByteReader in(bytes);
    try {
        get_record(in, record);
        check_places(record);
    } catch (const Error& error) {
        throw file_error(fmt::format("{}: is damaged: {}", path.string(), error.what()));
    }
    return record;
}

}  // namespace

template <typename Record>
SegmentStore<Record>::SegmentStore(std::filesystem::path folder, std::string kind)
    : folder_(std::move(folder)), kind_(std::move(kind)) {
    std::vector<std::uint32_t> files;
    if (std::filesystem::exists(folder_)) {
        for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
            const std::string name = entry.path().filename().string();
            unsigned number = 0;
            if (name.starts_with(kind_ + "-") && name.ends_with(".bin") &&
                std::sscanf(name.c_str() + kind_.size() + 1, "%8u.bin", &number) == 1) {
                files.push_back(number);
            }
        }
    }
    std::sort(files.begin(), files.end());
    for (const std::uint32_t file : files) {
        try {
            index_file(file);
        } catch (const Error& error) {
            throw file_error(
                fmt::format("{}\nremove that file to compute its networks again", error.what()));
        }
        next_file_ = file + 1;
    }
}

template <typename Record>
std::filesystem::path SegmentStore<Record>::path_of(std::uint32_t file) const {
    return folder_ / fmt::format("{}-{:08d}.bin", kind_, file);
}

template <typename Record>
void SegmentStore<Record>::index_file(std::uint32_t file) {
    read_sealed(path_of(file), [&](std::span<const std::byte> bytes, std::uint64_t offset) {
        const auto record = record_of<Record>(bytes, path_of(file));
        places_[record.uid] = {file, offset, bytes.size()};
    });
}

template <typename Record>
void SegmentStore<Record>::append(const std::vector<Record>& records) {
    write_sealed(path_of(next_file_), [&](const PutRecord& put) {
        for (const Record& record : records) {
            ByteWriter out;
            put_record(out, record);
            put(out.bytes());
        }
    });
    index_file(next_file_);
    ++next_file_;
}

template <typename Record>
std::optional<Record> SegmentStore<Record>::read(const std::string& uid) const {
    const auto found = places_.find(uid);
    if (found == places_.end()) {
        return std::nullopt;
    }
    const std::filesystem::path path = path_of(found->second.file);
    InputFile file(path);
    std::vector<std::byte> bytes(found->second.size);
    file.seek(found->second.offset);
    file.get(bytes.data(), bytes.size());
    return record_of<Record>(bytes, path);
}

template <typename Record>
std::vector<std::string> SegmentStore<Record>::uids() const {
    std::vector<std::string> result;
    for (const auto& [uid, place] : places_) {
        result.push_back(uid);
    }
    return result;
}

template class SegmentStore<TrainedNetwork>;
template class SegmentStore<NetworkAnalysis>;
template class SegmentStore<BegunAnalysis>;
template class SegmentStore<KeptSignal>;

}  // namespace shoal
