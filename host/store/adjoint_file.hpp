// SPDX-License-Identifier: MIT
// Answer of `shoal adjoint`: learning signals of any networks against lag.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "config/spec.hpp"

namespace shoal {

struct AdjointShape {
    int networks = 0, trials = 0, outputs = 0, exponents = 0;
    std::vector<int> lags;  ///< in steps
    Cell cell{};
    double tau = 1.0;
    double dt = 0.1;
};

/// What belongs to one network.
struct AdjointValues {
    std::vector<double> norms;    ///< [trial, lag, output]
    std::vector<double> tangent;  ///< [trial, exponent]
    std::vector<double> adjoint;  ///< [trial, exponent]
};

/// Writes adjoint_norm[network,trial,lag,output], exponents and
/// adjoint_exponents[network,trial,exponent] (if there are any) atomically, in float64; `lag` is in
/// units of time.
void write_adjoints(const std::filesystem::path& path, const AdjointShape& shape,
                    const std::function<AdjointValues(int network)>& values_of);

}  // namespace shoal
