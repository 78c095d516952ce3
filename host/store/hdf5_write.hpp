// SPDX-License-Identifier: MIT
// Writing HDF5 so that xarray (netcdf4 and h5netcdf engines) opens each group with names and
// coordinates: axes are dimension scales in netCDF-4's convention. Equal content gives equal bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "store/hdf5.hpp"

namespace shoal::hdf5 {

enum class Type { int8, int32, int64, float32, float64, string };

/// A group of a file being written. Datasets are laid out contiguously; axes are named by
/// dimensions of this group or of a group above it. Failures are file errors naming file and
/// dataset.
class WriteGroup {
  public:
    /// A new subgroup.
    WriteGroup group(const std::string& name);

    /// An axis without values. An axis is as long as that of its name in a group above, if there is
    /// one: xarray opens no other trees.
    void dimension(const std::string& name, std::uint64_t size);
    /// An axis with values: a dataset of the axis' own name.
    void coordinate(const std::string& name, std::span<const double> values);
    void coordinate(const std::string& name, std::span<const std::int32_t> values);
    void coordinate(const std::string& name, const std::vector<std::string>& values);

    /// A dataset over axes defined before, to be filled by write or write_at.
    void create(const std::string& name, Type type, const std::vector<std::string>& axes);
    /// The whole dataset. Numbers are converted to its type.
    void write(const std::string& name, std::span<const double> values);
    void write(const std::string& name, std::span<const float> values);
    void write(const std::string& name, std::span<const std::int64_t> values);
    void write(const std::string& name, const std::vector<std::string>& values);
    /// Entry `index` along the first axis.
    void write_at(const std::string& name, std::uint64_t index, std::span<const double> values);
    void write_at(const std::string& name, std::uint64_t index, std::span<const float> values);

    /// create and write in one.
    template <class Values>
    void put(const std::string& name, Type type, const std::vector<std::string>& axes,
             const Values& values) {
        create(name, type, axes);
        write(name, values);
    }

    /// Attributes of the group.
    void attribute(const std::string& name, double value);
    void attribute(const std::string& name, std::int64_t value);
    void attribute(const std::string& name, const std::string& value);
    /// Attributes of a dataset of this group.
    void describe(const std::string& dataset, const std::string& name, const std::string& value);
    void describe(const std::string& dataset, const std::string& name,
                  std::span<const std::int8_t> values);

    std::uint64_t size_of(const std::string& dimension) const;

  private:
    friend class WriteFile;
    struct Axis {
        Id scale;
        std::uint64_t size = 0;
    };
    struct Node {
        std::string file;
        std::string name;
        Id id;
        std::shared_ptr<Node> parent;
        std::map<std::string, Axis> axes;
        std::map<std::string, Id> datasets;
    };
    explicit WriteGroup(std::shared_ptr<Node> node) : node_(std::move(node)) {}
    const Axis& axis(const std::string& name) const;
    void add_axis(const std::string& name, Id scale, std::uint64_t size);
    Id new_dataset(const std::string& name, hid_t type, const Extents& extents);
    Id new_coordinate(const std::string& name, hid_t type, std::uint64_t size);
    hid_t dataset(const std::string& name) const;
    void write_raw(const std::string& name, hid_t memory_type, std::size_t count,
                   const void* values);
    void write_raw_at(const std::string& name, std::uint64_t index, hid_t memory_type,
                      std::size_t count, const void* values);
    void attribute_raw(hid_t object, const std::string& name, hid_t type, std::size_t count,
                       const void* value);
    [[noreturn]] void fail(const std::string& name, const std::string& action) const;

    std::shared_ptr<Node> node_;
};

/// A new file at `path`, whatever was there. `shown` is the path that messages name.
class WriteFile {
  public:
    WriteFile(const std::filesystem::path& path, const std::filesystem::path& shown);
    WriteGroup root() { return WriteGroup(root_); }
    /// Closes every handle, flushes and seals (seal.hpp); throws a file error if anything did not
    /// reach the file.
    void close();

  private:
    std::filesystem::path path_;
    std::string shown_;
    Id file_;
    std::shared_ptr<WriteGroup::Node> root_;
};

}  // namespace shoal::hdf5
