// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "backend/cuda_plugin.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "force_session.hpp"
#include "gradient_session.hpp"
#include "launch/policy.hpp"
#include "simulation.hpp"
#include "support/runtime.hpp"

namespace shoal::cuda {
namespace {

template <typename T>
class CudaBackend final : public Backend {
  public:
    CudaBackend(const BackendOptions& options, const DeviceLimits& limits)
        : device_(options.device),
          threads_(options.threads > 0 ? options.threads : available_threads()),
          precision_(options.precision),
          limits_(limits) {}

    std::string name() const override { return "cuda"; }
    std::string instruction_set() const override {
        return fmt::format("sm_{}", limits_.capability);
    }
    Precision precision() const override { return precision_; }
    int threads() const override { return threads_; }

    std::unique_ptr<ForceSession> force_session() override {
        use_device(device_);
        return make_force_session<T>(limits_);
    }
    std::unique_ptr<GradientSession> gradient_session() override {
        use_device(device_);
        return make_gradient_session(precision_, limits_);
    }
    std::vector<SimulationResult> simulate(std::span<const SimulationRequest> requests) override {
        use_device(device_);
        return cuda::simulate<T>(requests, limits_);
    }

    std::uint64_t force_bytes(int units, int outputs, int groups) const override {
        return cuda::force_bytes<T>(units, outputs, groups, limits_);
    }
    std::uint64_t recurrent_bytes(int units) const override {
        return sizeof(T) * static_cast<std::uint64_t>(units) * static_cast<std::uint64_t>(units);
    }
    std::uint64_t gradient_bytes(const GradientShape& shape) const override {
        return cuda::gradient_bytes(shape);
    }
    std::uint64_t gradient_scratch_bytes(const GradientShape& shape) const override {
        return cuda::gradient_scratch_bytes(shape, precision_, limits_);
    }
    std::uint64_t available_memory() const override {
        use_device(device_);
        return free_device_memory();
    }
    std::size_t networks_at_once() const override {
        // Four rounds of the smallest networks: a wave ends with few idle multiprocessors.
        return 4 * static_cast<std::size_t>(
                       force_policy({32, 2, 3, false, precision()}, limits_).networks_at_once);
    }

    Ceilings measure_ceilings(double seconds) const override {
        use_device(device_);
        return measure_device_ceilings(seconds);
    }

  private:
    int device_;
    int threads_;
    Precision precision_;
    DeviceLimits limits_;
};

std::vector<CudaDeviceInfo> devices(std::string* reason) {
    std::vector<CudaDeviceInfo> found;
    for (int device = 0; device < device_count(reason); ++device) {
        const DeviceLimits limits = device_limits(device);
        CudaDeviceInfo info{device,
                            limits.name,
                            limits.capability,
                            limits.multiprocessors,
                            limits.memory,
                            largest_on_chip(limits),
                            {}};
        for (const int units : {32, 64, 100, 128, 200, 1000}) {
            const ForcePolicy policy = force_policy({units, 2, 3, false, Precision::fp32}, limits);
            info.policies.push_back({units, name_of(policy.route), policy.threads,
                                     policy.shared_bytes, policy.networks_at_once});
        }
        found.push_back(std::move(info));
    }
    return found;
}

std::unique_ptr<Backend> make_backend(const BackendOptions& options) {
    std::string reason;
    const int count = device_count(&reason);
    if (options.device < 0 || options.device >= count) {
        throw device_error(count == 0
                               ? fmt::format("--backend cuda: {}", reason)
                               : fmt::format("--device {}: there are {} device(s), numbered from 0",
                                             options.device, count));
    }
    const DeviceLimits limits = device_limits(options.device);
    if (limits.capability < 80) {
        throw device_error(fmt::format(
            "--device {}: {} has compute capability {}.{}; 8.0 is the "
            "least that is supported",
            options.device, limits.name, limits.capability / 10, limits.capability % 10));
    }
    use_device(options.device);
    if (options.precision == Precision::fp64) {
        return std::make_unique<CudaBackend<double>>(options, limits);
    }
    return std::make_unique<CudaBackend<float>>(options, limits);
}

}  // namespace
}  // namespace shoal::cuda

extern "C" __attribute__((visibility("default"))) const shoal::CudaPlugin* shoal_cuda_plugin() {
    static const shoal::CudaPlugin plugin = {shoal::CudaPlugin::current_version,
                                             &shoal::cuda::devices, &shoal::cuda::make_backend};
    return &plugin;
}
