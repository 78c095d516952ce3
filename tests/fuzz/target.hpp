// SPDX-License-Identifier: MIT
// What the fuzz targets share. A target hands its input to a reader; the reader may answer with a
// result or with an Error for the user. Anything else (another exception, a crash, a broken
// promise) ends the process and is a finding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string_view>

#include "core/error.hpp"
#include "temporary_folder.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace shoal::fuzz {

/// The only folder that targets write into.
inline const TemporaryFolder& scratch() {
    static const TemporaryFolder folder;
    return folder;
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

/// Replaces a file of the scratch folder.
inline std::filesystem::path written(const char* name, std::string_view content) {
    const std::filesystem::path path = scratch() / name;
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(content.data(), static_cast<std::streamsize>(content.size()));
    return path;
}

inline void require(bool promise, const char* what) {
    if (!promise) {
        std::cerr << "broken promise: " << what << '\n';
        std::abort();
    }
}

/// Runs a reader; true if it read its input, false if it refused it with an error of the user's.
template <class Read>
bool answers(const Read& read) {
    try {
        read();
        return true;
    } catch (const Error& error) {
        require(error.code() == ExitCode::usage || error.code() == ExitCode::file,
                "what is wrong with a file is a usage error or a file error");
        return false;
    }
}

}  // namespace shoal::fuzz
