// SPDX-License-Identifier: MIT
#include "support/cublas_rates.hpp"

#include <cublas_v2.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/random.hpp"
#include "support/check.hpp"
#include "support/runtime.hpp"

namespace shoal::cuda {
namespace {

void check_cublas(cublasStatus_t status, const char* call) {
    if (status != CUBLAS_STATUS_SUCCESS) {
        throw device_error(std::string(call) + ": " + cublasGetStatusString(status));
    }
}

/// Owns a cuBLAS handle.
class Cublas {
  public:
    explicit Cublas(Stream& stream) {
        check_cublas(cublasCreate(&handle_), "cublasCreate");
        check_cublas(cublasSetStream(handle_, static_cast<cudaStream_t>(stream.get())),
                     "cublasSetStream");
    }
    ~Cublas() { cublasDestroy(handle_); }
    Cublas(const Cublas&) = delete;
    Cublas& operator=(const Cublas&) = delete;
    cublasHandle_t get() const { return handle_; }

  private:
    cublasHandle_t handle_ = nullptr;
};

double multiply_rate(CublasMath math, double seconds) {
    constexpr int n = 8192;
    constexpr std::size_t numbers = std::size_t{n} * n;
    Stream stream;
    const Cublas cublas(stream);
    check_cublas(
        cublasSetMathMode(cublas.get(), math == CublasMath::tf32 ? CUBLAS_TF32_TENSOR_OP_MATH
                                                                 : CUBLAS_PEDANTIC_MATH),
        "cublasSetMathMode");
    // Random numbers: products of zeros run faster than real ones.
    std::vector<float> values(numbers);
    for (std::size_t i = 0; i < numbers; ++i) {
        const auto index = static_cast<std::uint32_t>(i);
        values[i] =
            static_cast<float>(uniform01(random_bits({}, Purpose::bench, 0, 0, index)) - 0.5);
    }
    const DeviceArray<float> a(std::span<const float>(values), stream);
    const DeviceArray<float> b(std::span<const float>(values), stream);
    DeviceArray<float> c(numbers);
    stream.synchronize();
    const float one = 1.0f;
    const float zero = 0.0f;
    const auto multiply = [&] {
        check_cublas(cublasSgemm(cublas.get(), CUBLAS_OP_N, CUBLAS_OP_N, n, n, n, &one, a.data(), n,
                                 b.data(), n, &zero, c.data(), n),
                     "cublasSgemm");
    };
    multiply();
    double best = 0.0;
    double spent = 0.0;
    while (spent < seconds) {
        Event begin;
        Event end;
        begin.record(stream);
        multiply();
        end.record(stream);
        end.synchronize();
        const double took = end.seconds_since(begin);
        best = std::max(best, 2.0 * n * static_cast<double>(numbers) / took);
        spent += took;
    }
    return best;
}

}  // namespace
}  // namespace shoal::cuda

extern "C" __attribute__((visibility("default"))) const shoal::cuda::CublasRates*
shoal_cublas_rates() {
    static const shoal::cuda::CublasRates rates = {&shoal::cuda::multiply_rate};
    return &rates;
}
