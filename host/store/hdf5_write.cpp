// SPDX-License-Identifier: MIT
#include "store/hdf5_write.hpp"

#include <fmt/format.h>
#include <hdf5_hl.h>

#include <utility>

#include "core/error.hpp"
#include "store/seal.hpp"

namespace shoal::hdf5 {
namespace {

/// netCDF-4 stores an axis without values as a scale of this name followed by its length.
constexpr const char* pure_dimension =
    "This is a netCDF dimension but not a netCDF variable. {:10}";

Id string_type() {
    Id type(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(type.get(), H5T_VARIABLE);
    H5Tset_cset(type.get(), H5T_CSET_UTF8);
    return type;
}

Id file_type(Type type) {
    switch (type) {
        case Type::int8:
            return {H5Tcopy(H5T_STD_I8LE), H5Tclose};
        case Type::int32:
            return {H5Tcopy(H5T_STD_I32LE), H5Tclose};
        case Type::int64:
            return {H5Tcopy(H5T_STD_I64LE), H5Tclose};
        case Type::float32:
            return {H5Tcopy(H5T_IEEE_F32LE), H5Tclose};
        case Type::float64:
            return {H5Tcopy(H5T_IEEE_F64LE), H5Tclose};
        case Type::string:
            return string_type();
    }
    check(false, "known dataset type");
    return {};
}

/// Order of creation is kept, as netCDF-4 wants, and times are not, so that equal content gives
/// equal bytes.
Id creation_list(hid_t kind) {
    Id list(H5Pcreate(kind), H5Pclose);
    H5Pset_obj_track_times(list.get(), false);
    H5Pset_attr_creation_order(list.get(), H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    if (kind != H5P_DATASET_CREATE) {
        H5Pset_link_creation_order(list.get(), H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    }
    return list;
}

std::vector<const char*> pointers(const std::vector<std::string>& values) {
    std::vector<const char*> result;
    for (const std::string& value : values) {
        result.push_back(value.c_str());
    }
    return result;
}

}  // namespace

void WriteGroup::fail(const std::string& name, const std::string& action) const {
    skip_clean_up_at_exit();
    throw file_error(fmt::format("{}: {}/{}: cannot be {}: {}", node_->file, node_->name, name,
                                 action, last_problem()));
}

WriteGroup WriteGroup::group(const std::string& name) {
    const Id creation = creation_list(H5P_GROUP_CREATE);
    auto node = std::make_shared<Node>();
    node->file = node_->file;
    node->name = node_->name + "/" + name;
    node->parent = node_;
    node->id =
        Id(H5Gcreate2(node_->id.get(), name.c_str(), H5P_DEFAULT, creation.get(), H5P_DEFAULT),
           H5Gclose);
    if (!node->id) {
        fail(name, "created");
    }
    return WriteGroup(std::move(node));
}

const WriteGroup::Axis& WriteGroup::axis(const std::string& name) const {
    for (const Node* node = node_.get(); node != nullptr; node = node->parent.get()) {
        const auto found = node->axes.find(name);
        if (found != node->axes.end()) {
            return found->second;
        }
    }
    throw std::logic_error("undefined dimension " + name);
}

void WriteGroup::add_axis(const std::string& name, Id scale, std::uint64_t size) {
    for (const Node* node = node_->parent.get(); node != nullptr; node = node->parent.get()) {
        const auto found = node->axes.find(name);
        check(found == node->axes.end() || found->second.size == size,
              "an axis as long as that of its name in groups above");
    }
    node_->axes.emplace(name, Axis{std::move(scale), size});
}

std::uint64_t WriteGroup::size_of(const std::string& dimension) const {
    return axis(dimension).size;
}

Id WriteGroup::new_dataset(const std::string& name, hid_t type, const Extents& extents) {
    const std::vector<hsize_t> sizes(extents.begin(), extents.end());
    const Id space(H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr),
                   H5Sclose);
    const Id creation = creation_list(H5P_DATASET_CREATE);
    Id id(H5Dcreate2(node_->id.get(), name.c_str(), type, space.get(), H5P_DEFAULT, creation.get(),
                     H5P_DEFAULT),
          H5Dclose);
    if (!id) {
        fail(name, "created");
    }
    return id;
}

void WriteGroup::dimension(const std::string& name, std::uint64_t size) {
    Id scale = new_dataset(name, H5T_IEEE_F32BE, {size});
    if (H5DSset_scale(scale.get(), fmt::format(pure_dimension, size).c_str()) < 0) {
        fail(name, "made a dimension");
    }
    add_axis(name, std::move(scale), size);
}

Id WriteGroup::new_coordinate(const std::string& name, hid_t type, std::uint64_t size) {
    Id scale = new_dataset(name, type, {size});
    if (H5DSset_scale(scale.get(), name.c_str()) < 0) {
        fail(name, "made a dimension");
    }
    return scale;
}

void WriteGroup::coordinate(const std::string& name, std::span<const double> values) {
    Id scale = new_coordinate(name, H5T_IEEE_F64LE, values.size());
    if (H5Dwrite(scale.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) <
        0) {
        fail(name, "written");
    }
    add_axis(name, std::move(scale), values.size());
}

void WriteGroup::coordinate(const std::string& name, std::span<const std::int32_t> values) {
    Id scale = new_coordinate(name, H5T_STD_I32LE, values.size());
    if (H5Dwrite(scale.get(), H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
        fail(name, "written");
    }
    add_axis(name, std::move(scale), values.size());
}

void WriteGroup::coordinate(const std::string& name, const std::vector<std::string>& values) {
    const Id type = string_type();
    Id scale = new_coordinate(name, type.get(), values.size());
    const auto text = pointers(values);
    if (H5Dwrite(scale.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, text.data()) < 0) {
        fail(name, "written");
    }
    add_axis(name, std::move(scale), values.size());
}

void WriteGroup::create(const std::string& name, Type type, const std::vector<std::string>& axes) {
    Extents extents;
    for (const std::string& axis_name : axes) {
        extents.push_back(axis(axis_name).size);
    }
    const Id stored = file_type(type);
    Id id = new_dataset(name, stored.get(), extents);
    for (unsigned i = 0; i < axes.size(); ++i) {
        if (H5DSattach_scale(id.get(), axis(axes[i]).scale.get(), i) < 0) {
            fail(name, "attached to its dimensions");
        }
    }
    node_->datasets.emplace(name, std::move(id));
}

hid_t WriteGroup::dataset(const std::string& name) const {
    const auto found = node_->datasets.find(name);
    if (found != node_->datasets.end()) {
        return found->second.get();
    }
    return axis(name).scale.get();
}

void WriteGroup::write_raw(const std::string& name, hid_t memory_type, std::size_t count,
                           const void* values) {
    const hid_t id = dataset(name);
    const Id space(H5Dget_space(id), H5Sclose);
    check(H5Sget_simple_extent_npoints(space.get()) == static_cast<hssize_t>(count),
          "as many values as the dataset holds");
    if (count != 0 && H5Dwrite(id, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
        fail(name, "written");
    }
}

void WriteGroup::write_raw_at(const std::string& name, std::uint64_t index, hid_t memory_type,
                              std::size_t count, const void* values) {
    const hid_t id = dataset(name);
    const Id space(H5Dget_space(id), H5Sclose);
    const int rank = H5Sget_simple_extent_ndims(space.get());
    check(rank >= 1, "a dataset with axes");
    std::vector<hsize_t> shape(static_cast<std::size_t>(rank));
    H5Sget_simple_extent_dims(space.get(), shape.data(), nullptr);
    check(index < shape[0], "slab inside the dataset");
    std::vector<hsize_t> start(shape.size(), 0);
    start[0] = index;
    shape[0] = 1;
    check(byte_count(Extents(shape.begin(), shape.end()), 1) == std::uint64_t{count},
          "as many values as the slab holds");
    const hsize_t size = count;
    const Id memory(H5Screate_simple(1, &size, nullptr), H5Sclose);
    if (count != 0 &&
        (H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, shape.data(),
                             nullptr) < 0 ||
         H5Dwrite(id, memory_type, memory.get(), space.get(), H5P_DEFAULT, values) < 0)) {
        fail(name, "written");
    }
}

void WriteGroup::write(const std::string& name, std::span<const double> values) {
    write_raw(name, H5T_NATIVE_DOUBLE, values.size(), values.data());
}

void WriteGroup::write(const std::string& name, std::span<const float> values) {
    write_raw(name, H5T_NATIVE_FLOAT, values.size(), values.data());
}

void WriteGroup::write(const std::string& name, std::span<const std::int64_t> values) {
    write_raw(name, H5T_NATIVE_INT64, values.size(), values.data());
}

void WriteGroup::write(const std::string& name, const std::vector<std::string>& values) {
    const Id type = string_type();
    const auto text = pointers(values);
    write_raw(name, type.get(), text.size(), text.data());
}

void WriteGroup::write_at(const std::string& name, std::uint64_t index,
                          std::span<const double> values) {
    write_raw_at(name, index, H5T_NATIVE_DOUBLE, values.size(), values.data());
}

void WriteGroup::write_at(const std::string& name, std::uint64_t index,
                          std::span<const float> values) {
    write_raw_at(name, index, H5T_NATIVE_FLOAT, values.size(), values.data());
}

void WriteGroup::attribute_raw(hid_t object, const std::string& name, hid_t type, std::size_t count,
                               const void* value) {
    const hsize_t size = count;
    const Id space(count == 1 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &size, nullptr),
                   H5Sclose);
    const Id id(H5Acreate2(object, name.c_str(), type, space.get(), H5P_DEFAULT, H5P_DEFAULT),
                H5Aclose);
    if (!id || H5Awrite(id.get(), type, value) < 0) {
        fail(name, "written");
    }
}

void WriteGroup::attribute(const std::string& name, double value) {
    attribute_raw(node_->id.get(), name, H5T_NATIVE_DOUBLE, 1, &value);
}

void WriteGroup::attribute(const std::string& name, std::int64_t value) {
    attribute_raw(node_->id.get(), name, H5T_NATIVE_INT64, 1, &value);
}

void WriteGroup::attribute(const std::string& name, const std::string& value) {
    const Id type = string_type();
    const char* text = value.c_str();
    attribute_raw(node_->id.get(), name, type.get(), 1, &text);
}

void WriteGroup::describe(const std::string& name, const std::string& attribute_name,
                          const std::string& value) {
    const Id type = string_type();
    const char* text = value.c_str();
    attribute_raw(dataset(name), attribute_name, type.get(), 1, &text);
}

void WriteGroup::describe(const std::string& name, const std::string& attribute_name,
                          std::span<const std::int8_t> values) {
    attribute_raw(dataset(name), attribute_name, H5T_NATIVE_INT8, values.size(), values.data());
}

WriteFile::WriteFile(const std::filesystem::path& path, const std::filesystem::path& shown)
    : path_(path), shown_(shown.string()) {
    prepare_library();
    take_close_problem();
    const Id creation = creation_list(H5P_FILE_CREATE);
    const Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    // Formats of 1.8 carry checksums in their metadata and are read by every program of today.
    H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_V18);
    H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG);
    file_ = Id(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()), H5Fclose);
    if (!file_) {
        throw file_error(fmt::format("{}: cannot be created: {}", shown_, last_problem()));
    }
    root_ = std::make_shared<WriteGroup::Node>();
    root_->file = shown_;
    root_->id = Id(H5Gopen2(file_.get(), "/", H5P_DEFAULT), H5Gclose);
    if (!root_->id) {
        throw file_error(fmt::format("{}: cannot be created: {}", shown_, last_problem()));
    }
}

void WriteFile::close() {
    root_.reset();
    std::string problem = take_close_problem();
    if (problem.empty() && H5Fflush(file_.get(), H5F_SCOPE_LOCAL) < 0) {
        problem = last_problem();
    }
    if (problem.empty() && file_.reset() < 0) {
        problem = take_close_problem();
    }
    if (!problem.empty()) {
        skip_clean_up_at_exit();
        throw file_error(fmt::format("{}: cannot be written: {}", shown_, problem));
    }
    seal_file(path_);
}

}  // namespace shoal::hdf5
