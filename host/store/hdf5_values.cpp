// SPDX-License-Identifier: MIT
// Reading values of datasets.
#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/memory.hpp"
#include "store/hdf5.hpp"
#include "store/hdf5_types.hpp"
#include "store/reversed_axes.hpp"

namespace shoal::hdf5 {
namespace {

/// Less than this is read without a look at the free memory.
constexpr std::uint64_t large_bytes = std::uint64_t{64} << 20;

}  // namespace

ReadGroup::Slab ReadGroup::entry(const Extents& extents, std::uint64_t index) {
    check(!extents.empty() && index < extents[0], "slab inside the dataset");
    Slab slab{Extents(extents.size(), 0), extents};
    slab.start[0] = index;
    slab.count[0] = 1;
    return slab;
}

void ReadGroup::select(hid_t space, const std::string& name, const Slab& slab) const {
    if (slab.count.empty()) {
        return;  // a scalar
    }
    const std::vector<hsize_t> start(slab.start.begin(), slab.start.end());
    const std::vector<hsize_t> count(slab.count.begin(), slab.count.end());
    if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr) <
        0) {
        fail(name, "cannot be read: " + last_problem());
    }
}

template <class T>
std::vector<T> ReadGroup::read(const std::string& name, const Extents& expected, hid_t memory_type,
                               bool floats, const Slab& slab) const {
    const Id dataset = open_dataset(name);
    require_extents(dataset.get(), name, expected);
    const Id type(H5Dget_type(dataset.get()), H5Tclose);
    if (!is_integer(type.get()) && !(floats && is_plain_float(type.get()))) {
        fail(name, floats ? "expected integers or floats of 32 or 64 bits, found another type"
                          : "expected integers, found another type");
    }
    const auto bytes = byte_count(slab.count, sizeof(T));
    if (!bytes || (*bytes > large_bytes && *bytes > available_memory())) {
        fail(name,
             fmt::format("has extents {}, more than fit into the free memory", to_text(expected)));
    }
    std::vector<T> values(static_cast<std::size_t>(*bytes / sizeof(T)));
    if (values.empty()) {
        return values;
    }
    const Id space(H5Dget_space(dataset.get()), H5Sclose);
    select(space.get(), name, slab);
    const hsize_t size = values.size();
    const Id memory(H5Screate_simple(1, &size, nullptr), H5Sclose);
    if (H5Dread(dataset.get(), memory_type, memory.get(), space.get(), H5P_DEFAULT, values.data()) <
        0) {
        fail(name, "cannot be read: " + last_problem());
    }
    return values;
}

template <class T>
std::vector<T> ReadGroup::read_whole(const std::string& name, const Extents& expected,
                                     hid_t memory_type, bool floats) const {
    if (file_->axes == Axes::as_stored) {
        return read<T>(name, expected, memory_type, floats, whole(expected));
    }
    const Extents stored = checked_extents(open_dataset(name).get(), name);
    const Extents found = shown(stored, expected.size());
    if (found != expected) {
        fail(name, fmt::format("expected shape {}, found {} (in reverse order)", to_text(expected),
                               to_text(found)));
    }
    return reversed(read<T>(name, stored, memory_type, floats, whole(stored)), stored);
}

std::vector<double> ReadGroup::numbers(const std::string& name, const Extents& expected) const {
    return read_whole<double>(name, expected, H5T_NATIVE_DOUBLE, true);
}

std::vector<double> ReadGroup::numbers_at(const std::string& name, const Extents& expected,
                                          std::uint64_t index) const {
    return read<double>(name, expected, H5T_NATIVE_DOUBLE, true, entry(expected, index));
}

std::vector<double> ReadGroup::first_numbers(const std::string& name,
                                             const Extents& expected) const {
    check(expected.size() >= 2, "a dataset of two axes or more");
    Slab slab = whole(expected);
    slab.count[1] = std::min<std::uint64_t>(slab.count[1], 1);
    return read<double>(name, expected, H5T_NATIVE_DOUBLE, true, slab);
}

std::vector<std::int64_t> ReadGroup::integers(const std::string& name,
                                              const Extents& expected) const {
    return read_whole<std::int64_t>(name, expected, H5T_NATIVE_INT64, false);
}

std::vector<std::int64_t> ReadGroup::integers_at(const std::string& name, const Extents& expected,
                                                 std::uint64_t index) const {
    return read<std::int64_t>(name, expected, H5T_NATIVE_INT64, false, entry(expected, index));
}

std::vector<std::string> ReadGroup::strings(const std::string& name,
                                            const Extents& expected) const {
    return read_strings(name, expected, whole(expected));
}

std::string ReadGroup::string_at(const std::string& name, std::uint64_t count,
                                 std::uint64_t index) const {
    return read_strings(name, {count}, entry({count}, index)).front();
}

std::vector<std::string> ReadGroup::read_strings(const std::string& name, const Extents& expected,
                                                 const Slab& slab) const {
    const Id dataset = open_dataset(name);
    require_extents(dataset.get(), name, expected);
    const Id type(H5Dget_type(dataset.get()), H5Tclose);
    if (H5Tget_class(type.get()) != H5T_STRING) {
        fail(name, "expected strings, found another type");
    }
    const auto count = static_cast<std::size_t>(*byte_count(slab.count, 1));
    std::vector<std::string> result;
    if (count == 0) {
        return result;
    }
    result.reserve(count);
    const Id space(H5Dget_space(dataset.get()), H5Sclose);
    select(space.get(), name, slab);
    const hsize_t size = count;
    const Id memory(H5Screate_simple(1, &size, nullptr), H5Sclose);
    if (H5Tis_variable_str(type.get()) > 0) {
        const Id memory_type = variable_string_type(type.get());
        VariableStrings strings{std::vector<char*>(count, nullptr), memory_type.get(),
                                memory.get()};
        if (H5Dread(dataset.get(), memory_type.get(), memory.get(), space.get(), H5P_DEFAULT,
                    strings.text.data()) < 0) {
            fail(name, "cannot be read: " + last_problem());
        }
        for (const char* text : strings.text) {
            result.emplace_back(text == nullptr ? "" : text);
        }
        return result;
    }
    const std::size_t length = H5Tget_size(type.get());
    std::vector<char> text(count * length);
    if (H5Dread(dataset.get(), type.get(), memory.get(), space.get(), H5P_DEFAULT, text.data()) <
        0) {
        fail(name, "cannot be read: " + last_problem());
    }
    const H5T_str_t padding = H5Tget_strpad(type.get());
    for (std::size_t i = 0; i < count; ++i) {
        result.push_back(trimmed(text.data() + i * length, length, padding));
    }
    return result;
}

}  // namespace shoal::hdf5
