// SPDX-License-Identifier: MIT
#include "backend/cpu/cpu_backend.hpp"

#include <algorithm>

#include "backend/cpu/ceilings.hpp"
#include "backend/cpu/force_session.hpp"
#include "backend/cpu/gradient_session.hpp"
#include "backend/cpu/kernels.hpp"
#include "backend/cpu/simulate.hpp"
#include "backend/readout_groups.hpp"
#include "core/memory.hpp"
#include "core/parallel.hpp"

namespace shoal {
namespace {

template <typename T>
class CpuBackend final : public Backend {
  public:
    explicit CpuBackend(const BackendOptions& options)
        : precision_(options.precision),
          threads_(options.threads > 0 ? options.threads : available_threads()) {}

    std::string name() const override { return "cpu"; }
    std::string instruction_set() const override { return cpu::kernels<T>().instruction_set; }
    Precision precision() const override { return precision_; }
    int threads() const override { return threads_; }

    std::unique_ptr<ForceSession> force_session() override {
        return cpu::make_force_session<T>(threads_);
    }
    std::unique_ptr<GradientSession> gradient_session() override {
        return cpu::make_gradient_session<T>(threads_);
    }
    std::vector<SimulationResult> simulate(std::span<const SimulationRequest> requests) override {
        return cpu::simulate<T>(requests, threads_);
    }

    std::uint64_t force_bytes(int units, int outputs, int groups) const override {
        const auto p = cpu::PackedSymmetric<T>::size(cpu::blocks_of(units));
        const auto stride = static_cast<std::uint64_t>(cpu::padded(units));
        const auto vectors = stride * static_cast<std::uint64_t>(5 + 2 * outputs);
        // Networks of a large matrix step together, each with updates pending at the same time.
        const auto pending =
            cpu::fits_cache<T>(units) ? 0 : stride * std::uint64_t{2 * max_pending_updates};
        return sizeof(T) * (static_cast<std::uint64_t>(groups) * p + vectors + pending);
    }
    std::uint64_t recurrent_bytes(int units) const override {
        return sizeof(T) * static_cast<std::uint64_t>(cpu::padded(units)) *
               static_cast<std::uint64_t>(units);
    }
    std::uint64_t gradient_bytes(const GradientShape& shape) const override {
        return cpu::gradient_network_bytes<T>(shape);
    }
    std::uint64_t gradient_scratch_bytes(const GradientShape& shape) const override {
        return static_cast<std::uint64_t>(threads_) * cpu::gradient_thread_bytes<T>(shape);
    }
    std::uint64_t available_memory() const override { return shoal::available_memory(); }
    std::size_t networks_at_once() const override {
        return static_cast<std::size_t>(std::max(32, 4 * threads_));
    }
    Ceilings measure_ceilings(double seconds) const override {
        return cpu::measure_ceilings(threads_, seconds);
    }

  private:
    Precision precision_;
    int threads_;
};

}  // namespace

std::unique_ptr<Backend> make_cpu_backend(const BackendOptions& options) {
    if (options.precision == Precision::fp64) {
        return std::make_unique<CpuBackend<double>>(options);
    }
    return std::make_unique<CpuBackend<float>>(options);
}

}  // namespace shoal
