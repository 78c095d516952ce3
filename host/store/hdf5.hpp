// SPDX-License-Identifier: MIT
// Reading HDF5 files that may be damaged, foreign or hostile: handles close themselves, every
// failure is a file error naming file and dataset, and no size in a file is trusted before it is
// checked against the file's own length. Not safe for several threads at once.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shoal::hdf5 {

/// Owns an HDF5 identifier.
class Id {
  public:
    using Close = herr_t (*)(hid_t);
    Id() = default;
    Id(hid_t value, Close close) : value_(value), close_(close) {}
    ~Id() { reset(); }
    Id(Id&& other) noexcept { *this = std::move(other); }
    Id& operator=(Id&& other) noexcept;
    hid_t get() const { return value_; }
    explicit operator bool() const { return value_ >= 0; }
    /// Closes now; negative on failure.
    herr_t reset();

  private:
    hid_t value_ = -1;
    Close close_ = nullptr;
};

/// Silences the library's own printing of errors; called by everything that opens or creates a
/// file.
void prepare_library();

/// To be called once a write has failed: what the library still holds cannot be written, so nothing
/// is closed any more, now or at exit.
void skip_clean_up_at_exit();

/// What went wrong the first time that an Id could not be closed since this was last called; ""
/// if all could.
std::string take_close_problem();

/// What the system said at the library's last failure, else the library's innermost message, or
/// "unknown HDF5 error".
std::string last_problem();

using Extents = std::vector<std::uint64_t>;

/// "[3, 4]"
std::string to_text(const Extents& extents);

/// Product of extents times `element_bytes`; nothing if that overflows 64 bits.
std::optional<std::uint64_t> byte_count(const Extents& extents, std::uint64_t element_bytes);

/// Whether the axes of datasets are those in the file or, for files of programs that keep arrays
/// column by column, these in reverse. Such programs have no arrays of one axis, and lose trailing
/// axes of one entry: where axes are named, one of one entry more or less at an end fits.
enum class Axes { as_stored, reversed };

/// A group of a file opened for reading. Copies share the file, which closes with the last of them.
class ReadGroup {
  public:
    /// Root group of a file. Reversed axes are for extents(), numbers() and integers().
    explicit ReadGroup(const std::filesystem::path& path, Axes axes = Axes::as_stored);

    /// "file: /group/name", for messages.
    std::string where(const std::string& name) const;
    /// True if a dataset or group of that name is here; links into other files are refused.
    bool has(const std::string& name) const;
    ReadGroup group(const std::string& name) const;
    /// Names of the groups in this one, in order of creation where the file keeps it, else by name.
    std::vector<std::string> groups() const;
    /// Names of all that is in this group but bare dimensions (netCDF's dimensions without a
    /// variable), in that order.
    std::vector<std::string> contents() const;
    /// Names of this group's attributes but those of netCDF and HDF5 themselves.
    std::vector<std::string> attributes() const;

    /// Extents of a dataset, which must have one axis per name in `axes` (names for the message).
    Extents extents(const std::string& name, const std::vector<std::string>& axes) const;
    /// Extents whatever the rank.
    Extents extents(const std::string& name) const;

    /// A whole dataset, whose extents must be `expected`. numbers: integers (enumerations such as
    /// h5py's bool included) or 32- and 64-bit floats; integers: integers only.
    std::vector<double> numbers(const std::string& name, const Extents& expected) const;
    std::vector<std::int64_t> integers(const std::string& name, const Extents& expected) const;
    std::vector<std::string> strings(const std::string& name, const Extents& expected) const;
    /// Entry `index` along the first axis.
    std::vector<double> numbers_at(const std::string& name, const Extents& expected,
                                   std::uint64_t index) const;
    std::vector<std::int64_t> integers_at(const std::string& name, const Extents& expected,
                                          std::uint64_t index) const;
    std::string string_at(const std::string& name, std::uint64_t count, std::uint64_t index) const;
    /// Of every entry along the first axis, the first one along the second.
    std::vector<double> first_numbers(const std::string& name, const Extents& expected) const;

    bool has_attribute(const std::string& name) const;
    /// Attributes of the group: one number or one string (fixed or variable length).
    double number_attribute(const std::string& name) const;
    std::string string_attribute(const std::string& name) const;
    /// Throws unless the attribute schema_version of this group is `version`.
    void require_schema(int version) const;

  private:
    struct File {
        std::filesystem::path path;
        std::uint64_t bytes = 0;
        Axes axes = Axes::as_stored;
        Id id;
    };
    ReadGroup(std::shared_ptr<File> file, std::string name, Id id);
    Id open_dataset(const std::string& name) const;
    struct Link {
        std::string name;
        bool is_group = false;
    };
    std::vector<Link> links() const;
    Extents checked_extents(hid_t dataset, const std::string& name) const;
    Extents shown(Extents stored, std::size_t axes) const;
    void require_extents(hid_t dataset, const std::string& name, const Extents& expected) const;
    template <class T>
    std::vector<T> read_whole(const std::string& name, const Extents& expected, hid_t memory_type,
                              bool floats) const;
    /// A box of a dataset: `count` entries from `start` along every axis.
    struct Slab {
        Extents start;
        Extents count;
    };
    static Slab whole(const Extents& extents) { return {Extents(extents.size(), 0), extents}; }
    static Slab entry(const Extents& extents, std::uint64_t index);
    void select(hid_t space, const std::string& name, const Slab& slab) const;
    template <class T>
    std::vector<T> read(const std::string& name, const Extents& expected, hid_t memory_type,
                        bool floats, const Slab& slab) const;
    std::vector<std::string> read_strings(const std::string& name, const Extents& expected,
                                          const Slab& slab) const;
    [[noreturn]] void fail(const std::string& name, const std::string& what) const;

    std::shared_ptr<File> file_;
    std::string name_;  ///< "" for the root, else "/group"
    std::shared_ptr<Id> id_;
};

}  // namespace shoal::hdf5
