// SPDX-License-Identifier: MIT
#include "store/adjoint_file.hpp"

#include <string>

#include "core/file.hpp"
#include "store/hdf5_write.hpp"

namespace shoal {

void write_adjoints(const std::filesystem::path& path, const AdjointShape& shape,
                    const std::function<AdjointValues(int network)>& values_of) {
    using hdf5::Type;
    const auto extent = [](int size) { return static_cast<std::uint64_t>(size); };
    replace_file(path, [&](const std::filesystem::path& temporary) {
        hdf5::WriteFile file(temporary, path);
        hdf5::WriteGroup root = file.root();
        root.attribute("cell", std::string(name_of(shape.cell)));
        root.attribute("tau", shape.tau);
        root.attribute("dt", shape.dt);
        root.dimension("network", extent(shape.networks));
        root.dimension("trial", extent(shape.trials));
        std::vector<double> times;
        for (const int lag : shape.lags) {
            times.push_back(lag * shape.dt);
        }
        root.coordinate("lag", times);
        root.dimension("output", extent(shape.outputs));
        root.create("adjoint_norm", Type::float64, {"network", "trial", "lag", "output"});
        root.describe(
            "adjoint_norm", "long_name",
            "norm of the gradient of an output at the end of the run, lag before it; 1 at "
            "lag 0");
        if (shape.exponents > 0) {
            root.dimension("exponent", extent(shape.exponents));
            root.create("exponents", Type::float64, {"network", "trial", "exponent"});
            root.describe("exponents", "long_name",
                          "leading Lyapunov exponents of the run, per time; -inf where every step "
                          "destroys a direction");
            root.create("adjoint_exponents", Type::float64, {"network", "trial", "exponent"});
            root.describe("adjoint_exponents", "long_name",
                          "the same, from the backward pass, per time");
        }
        for (int i = 0; i < shape.networks; ++i) {
            const AdjointValues values = values_of(i);
            root.write_at("adjoint_norm", extent(i), values.norms);
            if (shape.exponents > 0) {
                root.write_at("exponents", extent(i), values.tangent);
                root.write_at("adjoint_exponents", extent(i), values.adjoint);
            }
        }
        file.close();
    });
}

}  // namespace shoal
