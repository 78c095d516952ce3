// SPDX-License-Identifier: MIT
// Types of values in HDF5 files that are read: which are taken, and how strings come into memory.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "store/hdf5.hpp"

namespace shoal::hdf5 {

inline bool is_integer(hid_t type) {
    const H5T_class_t kind = H5Tget_class(type);
    return (kind == H5T_INTEGER || kind == H5T_ENUM) && H5Tget_size(type) <= 8;
}

/// Only the formats every program writes: unusual bit layouts are refused rather than converted.
inline bool is_plain_float(hid_t type) {
    return H5Tequal(type, H5T_IEEE_F32LE) > 0 || H5Tequal(type, H5T_IEEE_F64LE) > 0 ||
           H5Tequal(type, H5T_IEEE_F32BE) > 0 || H5Tequal(type, H5T_IEEE_F64BE) > 0;
}

/// Frees what the library allocated for variable-length strings.
struct VariableStrings {
    std::vector<char*> text;
    hid_t type = -1;
    hid_t space = -1;
    ~VariableStrings() { H5Dvlen_reclaim(type, space, H5P_DEFAULT, text.data()); }
};

inline Id variable_string_type(hid_t like) {
    Id type(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(type.get(), H5T_VARIABLE);
    H5Tset_cset(type.get(), H5Tget_cset(like));
    return type;
}

/// Text of a fixed-length string: up to its padding.
inline std::string trimmed(const char* text, std::size_t length, H5T_str_t padding) {
    std::string result(text, padding == H5T_STR_SPACEPAD ? length : strnlen(text, length));
    if (padding == H5T_STR_SPACEPAD) {
        result.erase(result.find_last_not_of(' ') + 1);
    }
    return result;
}

}  // namespace shoal::hdf5
