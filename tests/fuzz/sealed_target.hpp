// SPDX-License-Identifier: MIT
// Checkpoint files whose checksum fits whatever is in them, so that fuzzing gets behind it.
#pragma once

#include <string>

#include "core/file.hpp"
#include "store/segments.hpp"
#include "target.hpp"

namespace shoal::fuzz {

/// A sealed file with `records` (lengths and bytes, well formed or not) between header and
/// checksum.
inline void write_sealed_around(const char* name, std::string_view records) {
    static const std::string header = [] {
        const auto path = scratch() / "empty.bin";
        write_sealed(path, [](const PutRecord&) {});
        const std::string whole = read_text_file(path);
        return whole.substr(0, whole.size() - sizeof(std::uint64_t));
    }();
    std::string content = header + std::string(records);
    const std::uint64_t sum = hash64(content);
    content.append(reinterpret_cast<const char*>(&sum), sizeof sum);
    written(name, content);
}

}  // namespace shoal::fuzz
