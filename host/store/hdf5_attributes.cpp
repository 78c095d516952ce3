// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <string_view>

#include "store/hdf5.hpp"
#include "store/hdf5_types.hpp"

namespace shoal::hdf5 {
namespace {

constexpr std::uint64_t longest_string = 1 << 20;

/// NAME of a dimension scale that is no variable (netCDF-4's convention).
bool is_bare_dimension(hid_t dataset) {
    constexpr std::string_view mark = "This is a netCDF dimension but not a netCDF variable";
    if (H5Aexists(dataset, "NAME") <= 0) {
        return false;
    }
    const Id attribute(H5Aopen(dataset, "NAME", H5P_DEFAULT), H5Aclose);
    const Id type(attribute ? H5Aget_type(attribute.get()) : -1, H5Tclose);
    if (!type || H5Tget_class(type.get()) != H5T_STRING || H5Tis_variable_str(type.get()) > 0 ||
        H5Tget_size(type.get()) > longest_string) {
        return false;
    }
    std::vector<char> text(H5Tget_size(type.get()));
    return H5Aread(attribute.get(), type.get(), text.data()) >= 0 &&
           std::string_view(text.data(), text.size()).starts_with(mark);
}

}  // namespace

bool ReadGroup::has_attribute(const std::string& name) const {
    return H5Aexists(id_->get(), name.c_str()) > 0;
}

double ReadGroup::number_attribute(const std::string& name) const {
    if (!has_attribute(name)) {
        fail("", fmt::format("missing attribute {}", name));
    }
    const Id attribute(H5Aopen(id_->get(), name.c_str(), H5P_DEFAULT), H5Aclose);
    const Id type(attribute ? H5Aget_type(attribute.get()) : -1, H5Tclose);
    const Id space(attribute ? H5Aget_space(attribute.get()) : -1, H5Sclose);
    double value = 0.0;
    if (!type || !space || H5Sget_simple_extent_npoints(space.get()) != 1 ||
        !(is_integer(type.get()) || is_plain_float(type.get())) ||
        H5Aread(attribute.get(), H5T_NATIVE_DOUBLE, &value) < 0) {
        fail("", fmt::format("attribute {} is not one number", name));
    }
    return value;
}

std::string ReadGroup::string_attribute(const std::string& name) const {
    if (!has_attribute(name)) {
        fail("", fmt::format("missing attribute {}", name));
    }
    const Id attribute(H5Aopen(id_->get(), name.c_str(), H5P_DEFAULT), H5Aclose);
    const Id type(attribute ? H5Aget_type(attribute.get()) : -1, H5Tclose);
    const Id space(attribute ? H5Aget_space(attribute.get()) : -1, H5Sclose);
    if (!type || !space || H5Sget_simple_extent_npoints(space.get()) != 1 ||
        H5Tget_class(type.get()) != H5T_STRING || H5Tget_size(type.get()) > longest_string) {
        fail("", fmt::format("attribute {} is not one string", name));
    }
    if (H5Tis_variable_str(type.get()) > 0) {
        const Id memory_type = variable_string_type(type.get());
        VariableStrings strings{std::vector<char*>(1, nullptr), memory_type.get(), space.get()};
        if (H5Aread(attribute.get(), memory_type.get(), strings.text.data()) < 0) {
            fail("", fmt::format("attribute {} cannot be read: {}", name, last_problem()));
        }
        return strings.text[0] == nullptr ? "" : strings.text[0];
    }
    std::vector<char> text(H5Tget_size(type.get()));
    if (H5Aread(attribute.get(), type.get(), text.data()) < 0) {
        fail("", fmt::format("attribute {} cannot be read: {}", name, last_problem()));
    }
    return trimmed(text.data(), text.size(), H5Tget_strpad(type.get()));
}

std::vector<std::string> ReadGroup::contents() const {
    std::vector<std::string> names;
    for (const Link& link : links()) {
        if (link.is_group || !is_bare_dimension(open_dataset(link.name).get())) {
            names.push_back(link.name);
        }
    }
    return names;
}

std::vector<std::string> ReadGroup::attributes() const {
    std::vector<std::string> names;
    const auto add = [](hid_t, const char* name, const H5A_info_t*, void* to) -> herr_t {
        static_cast<std::vector<std::string>*>(to)->emplace_back(name);
        return 0;
    };
    if (H5Aiterate2(id_->get(), H5_INDEX_NAME, H5_ITER_INC, nullptr, add, &names) < 0) {
        fail("", "attributes cannot be listed: " + last_problem());
    }
    std::erase_if(names, [](const std::string& name) {
        return name.starts_with("_NC") || name.starts_with("_Netcdf4");
    });
    return names;
}

void ReadGroup::require_schema(int version) const {
    const double found = number_attribute("schema_version");
    if (found != version) {
        fail("", fmt::format("schema_version {} is not the one this program reads ({})", found,
                             version));
    }
}

}  // namespace shoal::hdf5
