// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "backend/backend.hpp"
#include "backend/cpu/cpu_backend.hpp"
#include "backend/reference/reference_backend.hpp"
#include "core/error.hpp"

namespace shoal {

std::unique_ptr<Backend> make_backend(const std::string& name, const BackendOptions& options,
                                      std::string* note) {
    if (name == "reference") {
        return make_reference_backend(options);
    }
    if (name == "cpu" || name == "auto") {
        if (name == "auto" && note != nullptr) {
            *note = "backend auto: cpu (this program has no CUDA backend)";
        }
        return make_cpu_backend(options);
    }
    if (name == "cuda") {
        throw device_error(
            "--backend cuda: this program was built without it (CMake option SHOAL_CUDA); this "
            "version "
            "of shoal\nhas no CUDA backend yet, so use --backend cpu");
    }
    throw usage_error(fmt::format("--backend {}: choose auto, cpu, cuda or reference", name));
}

}  // namespace shoal
