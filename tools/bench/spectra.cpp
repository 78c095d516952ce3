// SPDX-License-Identifier: MIT
// What spectra, slow modes and slow manifolds cost a network.
//
//   spectra [UNITS] [NETWORKS] [THREADS] [LAPACK]
//
// Eigenvalues of one Jacobian of each of NETWORKS random networks (gain 1.2 at states N(0, 0.25)),
// by Eigen and, where a shared library LAPACK is named, by its dgeev, one thread each and THREADS
// of them; refuses to time a library whose eigenvalues differ. Debian's OpenBLAS may misdetect the
// processor: compare with OPENBLAS_CORETYPE set (Haswell: AVX2, SkylakeX: AVX-512) and unset.
// Then the slow modes, and 16 memories followed for 20 trials in a network that rests (gain 0.8)
// and one that never does (gain 1.8), on one thread.
#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <complex>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "analysis/attractors/slow_manifold.hpp"
#include "analysis/dynamics/slow_modes.hpp"
#include "analysis/dynamics/spectrum.hpp"
#include "core/parallel.hpp"
#include "core/random.hpp"

namespace {

using namespace shoal;
using Clock = std::chrono::steady_clock;
using Dgeev = void (*)(const char*, const char*, const int*, double*, const int*, double*, double*,
                       double*, const int*, double*, const int*, double*, const int*, int*);

// Seconds by the clock, and of processor time over all threads: on a busy machine the latter
// counts.
class Watch {
  public:
    double wall() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
    double processor() const {
        return static_cast<double>(std::clock() - processor_) / CLOCKS_PER_SEC;
    }

  private:
    Clock::time_point start_ = Clock::now();
    std::clock_t processor_ = std::clock();
};

std::vector<double> normals(std::size_t count, double scale, std::uint32_t which) {
    std::vector<double> values(count);
    for (std::size_t i = 0; i < count; ++i) {
        values[i] = scale * standard_normal(random_bits({1, which}, Purpose::bench, 0, 0,
                                                        static_cast<std::uint32_t>(i)));
    }
    return values;
}

NetworkModel network_of(int units, double gain, std::uint32_t which) {
    const auto n = static_cast<std::size_t>(units);
    NetworkModel model;
    model.units = units;
    model.inputs = 2;
    model.outputs = 3;
    model.gain = gain;
    model.recurrent = dense_matrix(units, normals(n * n, 1.0 / std::sqrt(units), which));
    model.input = normals(2 * n, 0.02, which + 100'000);
    model.readout = normals(3 * n, 1.0 / units, which + 200'000);
    model.initial_state.assign(n, 0.0);
    return model;
}

Eigen::VectorXd state_of(int units, std::uint32_t which) {
    const std::vector<double> values = normals(static_cast<std::size_t>(units), 0.5, which);
    return Eigen::Map<const Eigen::VectorXd>(values.data(), units);
}

// Eigenvalues by a LAPACK, sorted as a FlowSpectrum is up to ties.
std::vector<std::complex<double>> eigenvalues_by(Dgeev dgeev, Eigen::MatrixXd matrix) {
    const int n = static_cast<int>(matrix.rows());
    const int work_size = 64 * n;
    const int one = 1;
    int info = 0;
    std::vector<double> real(static_cast<std::size_t>(n));
    std::vector<double> imag(static_cast<std::size_t>(n));
    std::vector<double> work(static_cast<std::size_t>(work_size));
    dgeev("N", "N", &n, matrix.data(), &n, real.data(), imag.data(), nullptr, &one, nullptr, &one,
          work.data(), &work_size, &info);
    std::vector<std::complex<double>> values;
    for (std::size_t i = 0; info == 0 && i < real.size(); ++i) {
        values.emplace_back(real[i], imag[i]);
    }
    return values;
}

// Largest distance of an eigenvalue of one from the nearest of the other.
double difference(const std::vector<std::complex<double>>& a,
                  const std::vector<std::complex<double>>& b) {
    double largest = a.size() == b.size() ? 0.0 : HUGE_VAL;
    for (const auto& value : a) {
        double least = HUGE_VAL;
        for (const auto& other : b) {
            least = std::min(least, std::abs(value - other));
        }
        largest = std::max(largest, least);
    }
    return largest;
}

void report(const char* what, const Watch& watch, std::size_t networks) {
    const auto count = static_cast<double>(networks);
    fmt::print("{:<30} {:7.2f} s, {:7.2f} core-s: {:6.2f} core-ms a network\n", what, watch.wall(),
               watch.processor(), 1e3 * watch.processor() / count);
}

void time_manifold(int units, double gain) {
    const NetworkModel model = network_of(units, gain, 7);
    const int conditions = 16;
    MemoryStates memories;
    memories.states = normals(static_cast<std::size_t>(conditions * units), 0.5, 8);
    memories.trial_steps = 350;
    memories.delay_steps = 50;
    memories.rest_steps = 200;
    const std::vector<double> inputs = normals(400, 1.0, 9);
    memories.rest.assign(conditions, inputs.data());
    for (int i = 0; i < conditions; ++i) {
        memories.memories.push_back(i / 8);
    }
    const auto exact = make_backend("cpu", {Precision::fp64, 1, 0});
    const Watch watch;
    const SlowManifold manifold = slow_manifold(model, memories, *exact);
    fmt::print("slow manifold, gain {}: {:.3f} core-s; {}\n", gain, watch.processor(),
               manifold.limits);
}

}  // namespace

int main(int argc, char** argv) {
    const int units = argc > 1 ? std::atoi(argv[1]) : 200;
    const auto networks = static_cast<std::size_t>(argc > 2 ? std::atoi(argv[2]) : 200);
    const int threads = argc > 3 ? std::atoi(argv[3]) : available_threads();

    std::vector<FlowJacobian> jacobians(networks);
    for (std::size_t i = 0; i < networks; ++i) {
        const auto which = static_cast<std::uint32_t>(i);
        jacobians[i] =
            Dynamics(network_of(units, 1.2, which)).flow_jacobian(state_of(units, which));
    }
    std::vector<FlowSpectrum> spectra(networks);
    Watch watch;
    parallel_for(networks, threads, [&](std::size_t i, int) {
        spectra[i] = spectrum(jacobians[i]).value_or(FlowSpectrum{});
    });
    report("eigenvalues, Eigen", watch, networks);

    if (argc > 4) {
        void* library = dlopen(argv[4], RTLD_NOW);
        const auto dgeev =
            library != nullptr ? reinterpret_cast<Dgeev>(dlsym(library, "dgeev_")) : nullptr;
        if (dgeev == nullptr) {
            fmt::print(stderr, "{} has no dgeev_\n", argv[4]);
            return 2;
        }
        if (auto* set =
                reinterpret_cast<void (*)(int)>(dlsym(library, "openblas_set_num_threads"))) {
            set(1);
        }
        const double off =
            difference(spectra[0].eigenvalues, eigenvalues_by(dgeev, jacobians[0].matrix));
        if (!(off < 1e-9)) {
            fmt::print(stderr, "eigenvalues differ by {}\n", off);
            return 1;
        }
        watch = {};
        parallel_for(networks, threads,
                     [&](std::size_t i, int) { eigenvalues_by(dgeev, jacobians[i].matrix); });
        report("eigenvalues, dgeev", watch, networks);
        if (auto* core = reinterpret_cast<char* (*)()>(dlsym(library, "openblas_get_corename"))) {
            fmt::print("  OpenBLAS runs as {}\n", core());
        }
    }

    std::vector<SlowModes> modes(networks);
    watch = {};
    parallel_for(networks, threads, [&](std::size_t i, int) {
        modes[i] = slow_modes(jacobians[i], spectra[i], 35.0);
    });
    report("slow modes, eigenvalues given", watch, networks);
    double worst = 0.0;
    std::size_t count = 0;
    for (const SlowModes& each : modes) {
        count += each.conditions.size();
        for (const double residual : each.residuals) {
            worst = std::max(worst, residual);
        }
    }
    fmt::print("  {:.1f} modes a network, largest residual {:.2g}\n",
               static_cast<double>(count) / static_cast<double>(networks), worst);
    time_manifold(units, 0.8);
    time_manifold(units, 1.8);
    return 0;
}
