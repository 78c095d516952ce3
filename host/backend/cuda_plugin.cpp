// SPDX-License-Identifier: MIT
#include "backend/cuda_plugin.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>

#include "core/plugin.hpp"

namespace shoal {
namespace {

constexpr const char* library_variable = "SHOAL_CUDA_LIBRARY";

/// The driver is asked for first: without one the library could only say so, after loading cuBLAS.
bool has_driver() {
    void* driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (driver != nullptr) {
        dlclose(driver);
    }
    return driver != nullptr;
}

const CudaPlugin* load(std::string& reason) {
    const std::string path = plugin_path(library_variable, "libshoal_cuda.so");
    if (path.empty()) {
        reason =
            "this program has no libshoal_cuda.so: it was built without CUDA (CMake option "
            "SHOAL_CUDA), or the package shoal-cuda is not installed";
        return nullptr;
    }
    if (!cuda_library_named() && !has_driver()) {
        reason = "this machine has no NVIDIA driver (libcuda.so.1)";
        return nullptr;
    }
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        reason = dlerror();
        return nullptr;
    }
    using Entry = const CudaPlugin* (*)();
    const auto entry = reinterpret_cast<Entry>(dlsym(library, "shoal_cuda_plugin"));
    const CudaPlugin* plugin = entry != nullptr ? entry() : nullptr;
    if (plugin == nullptr || plugin->version != CudaPlugin::current_version) {
        reason = fmt::format("{} does not belong to this version of shoal", path);
        return nullptr;
    }
    return plugin;
}

}  // namespace

bool cuda_library_named() {
    return std::getenv(library_variable) != nullptr;
}

const CudaPlugin* load_cuda_plugin(std::string* reason) {
    static std::string why_not;
    static const CudaPlugin* const plugin = load(why_not);
    if (plugin == nullptr && reason != nullptr) {
        *reason = why_not;
    }
    return plugin;
}

}  // namespace shoal
