// SPDX-License-Identifier: MIT
// Rules that join several keys of one row of the sweep.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "config/sweep.hpp"

namespace shoal {

class RowChecks {
  public:
    /// All are kept by reference.
    RowChecks(const Plan& plan, const Document& document, const Reader& reader)
        : plan_(plan), document_(document), reader_(reader) {}

    /// Tells what is wrong with a row, at its places; sets the hashes of the files it needs and
    /// drops the paths of others. at[i]: the row's value on axis i of the plan.
    void check(NetworkSpec& row, std::span<const std::size_t> at);

  private:
    /// Where this row's value of a key was written; the start of the file for a default.
    Place place_of(std::string_view key) const;
    bool known(std::initializer_list<const char*> keys) const;
    bool given(const char* key) const;
    void check_gradients(const NetworkSpec& row) const;
    void check_accept(const NetworkSpec& row) const;
    /// Sets the hash of a file that this row needs; `asks` is the key that makes it needed.
    void take_file(const char* asks, const char* key, const std::string& path,
                   std::string& content);

    const Plan& plan_;
    const Document& document_;
    const Reader& reader_;
    std::span<const std::size_t> at_;                        ///< of the row being checked
    std::unordered_map<std::string, std::string> contents_;  ///< hash by path
};

}  // namespace shoal
