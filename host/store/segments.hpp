// SPDX-License-Identifier: MIT
// Finished records of an unfinished run, in immutable files under checkpoint/.
//
// A sealed file is: magic, format version, records (length, bytes), 64-bit XXH3 of all before. A
// segment is a sealed file of records written once, atomically, when networks finish; memory holds
// only where each is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "records/records.hpp"
#include "records/signal_records.hpp"

namespace shoal {

/// Writes a sealed file atomically, as a sequence of records handed to `put` one by one, so that
/// memory holds one record at a time.
using PutRecord = std::function<void(std::span<const std::byte> record)>;
void write_sealed(const std::filesystem::path& path,
                  const std::function<void(const PutRecord& put)>& write_records);

/// Verifies the checksum, then hands out every record with its place in the file. Damage and
/// foreign versions are file errors that name the file.
void read_sealed(
    const std::filesystem::path& path,
    const std::function<void(std::span<const std::byte> record, std::uint64_t offset)>& use_record);

/// All segments of one kind ("trained", "analysed", "begun", "signals") in a folder. Of records of
/// one uid the last counts.
template <typename Record>
class SegmentStore {
  public:
    /// Opens what is there; verifies every checksum.
    SegmentStore(std::filesystem::path folder, std::string kind);

    void append(const std::vector<Record>& records);
    bool contains(const std::string& uid) const { return places_.contains(uid); }
    std::size_t size() const { return places_.size(); }
    std::optional<Record> read(const std::string& uid) const;
    std::vector<std::string> uids() const;

  private:
    struct Place {
        std::uint32_t file;
        std::uint64_t offset;
        std::uint64_t size;
    };
    std::filesystem::path path_of(std::uint32_t file) const;
    void index_file(std::uint32_t file);

    std::filesystem::path folder_;
    std::string kind_;
    std::uint32_t next_file_ = 0;
    std::map<std::string, Place> places_;
};

extern template class SegmentStore<TrainedNetwork>;
extern template class SegmentStore<NetworkAnalysis>;
extern template class SegmentStore<BegunAnalysis>;
extern template class SegmentStore<KeptSignal>;

}  // namespace shoal
