// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "backend/backend.hpp"
#include "backend/reference/reference_backend.hpp"
#include "core/error.hpp"

namespace shoal {

std::unique_ptr<Backend> make_backend(const std::string& name, const BackendOptions& options,
                                      std::string* note) {
    if (name == "reference") {
        return make_reference_backend(options);
    }
    if (name == "auto") {
        if (note != nullptr) {
            *note = "backend: reference";
        }
        return make_reference_backend(options);
    }
    throw usage_error(fmt::format("--backend {}: choose auto, cpu, cuda or reference", name));
}

}  // namespace shoal
