// SPDX-License-Identifier: MIT
#include <dlfcn.h>

#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "support/cublas_rates.hpp"
#include "support/runtime.hpp"

namespace shoal::cuda {
namespace {

/// cuBLAS is large and only measures: it stands in a library of its own beside this one.
const CublasRates* load_cublas_rates() {
    Dl_info self = {};
    dladdr(reinterpret_cast<const void*>(&measure_device_ceilings), &self);
    const auto path = std::filesystem::path(self.dli_fname).parent_path() / "libshoal_cublas.so";
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        throw device_error(std::string("bench needs cuBLAS for its ceilings: ") + dlerror());
    }
    using Entry = const CublasRates* (*)();
    const auto entry = reinterpret_cast<Entry>(dlsym(library, "shoal_cublas_rates"));
    check(entry != nullptr, "libshoal_cublas.so has its entry point");
    return entry();
}

/// Bytes per second of the best of several copies of 512 MiB.
double copy_rate(double seconds) {
    constexpr std::size_t bytes = std::size_t{512} << 20;
    DeviceArray<char> from(bytes);
    DeviceArray<char> to(bytes);
    Stream stream;
    double best = 0.0;
    double spent = 0.0;
    while (spent < seconds) {
        Event begin;
        Event end;
        begin.record(stream);
        for (int i = 0; i < 8; ++i) {
            raw::copy_on_device(to.data(), from.data(), bytes, stream.get());
        }
        end.record(stream);
        end.synchronize();
        const double took = end.seconds_since(begin);
        best = std::max(best, 8.0 * 2.0 * static_cast<double>(bytes) / took);
        spent += took;
    }
    return best;
}

}  // namespace

Ceilings measure_device_ceilings(double seconds) {
    const Phase phase("measuring the ceilings");
    static const CublasRates* const rates = load_cublas_rates();
    Ceilings ceilings;
    ceilings.gflops = 1e-9 * rates->multiply_rate(CublasMath::fp32, seconds / 3);
    ceilings.tf32_gflops = 1e-9 * rates->multiply_rate(CublasMath::tf32, seconds / 3);
    ceilings.gbytes_per_second = 1e-9 * copy_rate(seconds / 3);
    return ceilings;
}

}  // namespace shoal::cuda
