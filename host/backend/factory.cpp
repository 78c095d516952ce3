// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "backend/backend.hpp"
#include "backend/cpu/cpu_backend.hpp"
#include "backend/cuda_plugin.hpp"
#include "backend/reference/reference_backend.hpp"
#include "core/error.hpp"

namespace shoal {
namespace {

/// The CUDA backend, or null and the reason.
std::unique_ptr<Backend> try_cuda(const BackendOptions& options, std::string& reason) {
    const CudaPlugin* plugin = load_cuda_plugin(&reason);
    if (plugin == nullptr || plugin->devices(&reason).empty()) {
        return nullptr;
    }
    return plugin->make_backend(options);
}

}  // namespace

std::unique_ptr<Backend> make_backend(const std::string& name, const BackendOptions& options,
                                      std::string* note) {
    if (name == "reference") {
        return make_reference_backend(options);
    }
    if (name == "cpu") {
        return make_cpu_backend(options);
    }
    if (name == "cuda") {
        std::string reason;
        auto backend = try_cuda(options, reason);
        if (!backend) {
            throw device_error(
                fmt::format("--backend cuda: {}; use --backend cpu or auto", reason));
        }
        return backend;
    }
    if (name == "auto") {
        std::string reason;
        bool expected = cuda_library_named();
        std::unique_ptr<Backend> backend;
        try {
            backend = try_cuda(options, reason);
        } catch (const Error& error) {
            reason = error.what();  // a GPU that is there and cannot be used
            expected = true;
        }
        if (!backend) {
            backend = make_cpu_backend(options);
            if (note != nullptr) {
                *note = "backend auto: cpu" +
                        (expected ? ", because " + reason
                                  : std::string(" (--backend cuda says why no GPU is used)"));
            }
        }
        return backend;
    }
    throw usage_error(fmt::format("--backend {}: choose auto, cpu, cuda or reference", name));
}

}  // namespace shoal
