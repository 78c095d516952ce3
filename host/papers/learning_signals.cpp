// SPDX-License-Identifier: MIT
#include "papers/learning_signals.hpp"

#include <Eigen/Core>
#include <cmath>
#include <functional>
#include <string>

#include "analysis/dynamics/adjoint.hpp"
#include "analysis/dynamics/dynamics.hpp"
#include "analysis/linear/packed_matrix.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/stop.hpp"
#include "model/network.hpp"
#include "papers/head_direction_networks.hpp"
#include "records/time_axes.hpp"

namespace shoal {
namespace {

constexpr double flow_dt = 0.1;
constexpr int ring_units = 64;
constexpr int ring_headings = 24;
constexpr double smallest_norm = 1e-300;
// Chaos shows within a short time, and its networks are large.
constexpr double chaotic_share = 0.1;

struct System {
    Dynamics dynamics;
    Eigen::VectorXd start;
};

struct Family {
    std::string name;
    const char* prediction;
    std::function<System(RandomKey)> make;
    double time_share = 1.0;  // of the transient and the lag
};

Eigen::VectorXd random_state(int units, RandomKey key) {
    Eigen::VectorXd state(units);
    for (int i = 0; i < units; ++i) {
        state(i) = 0.5 * standard_normal(random_bits(key, Purpose::signal_start, 0, 0,
                                                     static_cast<std::uint32_t>(i)));
    }
    return state;
}

Eigen::MatrixXd initial_weights(const NetworkConfig& network, RandomKey key) {
    NetworkSpec spec;
    spec.seed = key.seed;
    spec.replicate = key.replicate;
    spec.network = network;
    spec.training.method = TrainingMethod::bptt;
    const NetworkModel model = NetworkFactory().make(spec, 1, 1);
    const std::vector<double> weights = effective_matrix(model);
    return Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
        weights.data(), model.units, model.units);
}

/// Networks of rate cells as B.3 draws them; `perturbation` > 0: every weight perturbed.
Family initialised(std::string name, const char* prediction, Init init, double gain, int units,
                   double dt, double perturbation = 0.0) {
    return {std::move(name), prediction, [=](RandomKey key) {
                NetworkConfig network;
                network.units = units;
                network.cell = Cell::rate;
                network.dt = dt;
                network.gain = gain;
                network.density = 1.0;
                network.init = init;
                Eigen::MatrixXd weights = initial_weights(network, key);
                if (perturbation > 0.0) {
                    weights = perturbed(weights, WeightNoise::everywhere, perturbation, key, 0);
                }
                return System{
                    Dynamics(Cell::rate, 1.0, dt, std::move(weights), Eigen::VectorXd::Zero(units)),
                    random_state(units, key)};
            }};
}

/// A network of B.2, started at one of its headings.
Family heading(std::string name, const char* prediction, HeadingNetwork network,
               double perturbation) {
    return {std::move(name), prediction,
            [network = std::move(network), perturbation](RandomKey key) {
                const Eigen::MatrixXd weights =
                    perturbation > 0.0
                        ? perturbed(network.weights, WeightNoise::everywhere, perturbation, key, 0)
                        : network.weights;
                const auto start = uniform_index(random_bits(key, Purpose::signal_start, 0, 0, 0),
                                                 static_cast<std::uint32_t>(network.starts.cols()));
                return System{Dynamics(Cell::rate, 1.0, network.dt, weights,
                                       Eigen::VectorXd::Zero(weights.rows())),
                              network.starts.col(static_cast<Eigen::Index>(start))};
            }};
}

Family short_lived(Family family) {
    family.time_share = chaotic_share;
    return family;
}

std::vector<Family> families(const SignalOptions& options) {
    namespace name = signal_family;
    const int units = options.units;
    const double size = options.perturbation;
    const HeadingNetwork ring = ring_attractor(ring_units, ring_headings, flow_dt);
    const HeadingNetwork oscillators = two_oscillators(1, ring_headings, flow_dt);
    return {
        initialised(name::contracting, "vanishes: a fixed point", Init::gauss, 0.5, units, 1.0),
        initialised("gauss 1.5", "as the attractor it happens to have", Init::gauss, 1.5, units,
                    1.0),
        initialised("orthogonal", "fades slowly: tanh shrinks every direction", Init::orthogonal,
                    1.0, units, 1.0),
        initialised("identity", "fades slowly: tanh shrinks every direction", Init::identity, 1.0,
                    units, 1.0),
        initialised("glorot", "vanishes or fades: gain 1", Init::glorot, 1.0, units, 1.0),
        initialised(name::quasi_periodic, "persists: a torus", Init::quasi_periodic, 1.0, units,
                    1.0),
        initialised(name::perturbed_quasi_periodic, "persists: a torus, or cycles it locked to",
                    Init::quasi_periodic, 1.0, units, 1.0, size),
        initialised(name::quasi_periodic_flow, "persists: a torus", Init::quasi_periodic_flow, 1.0,
                    units, flow_dt),
        short_lived(initialised(name::chaotic, "explodes: chaos", Init::gauss, 3.0,
                                options.chaotic_units, flow_dt)),
        heading(name::ring, "persists: a continuum", ring, 0.0),
        heading(name::perturbed_ring, "vanishes: the continuum breaks up into fixed points", ring,
                size),
        heading(name::perturbed_oscillators, "persists: a torus", oscillators, size),
    };
}

Eigen::MatrixXd random_directions(Eigen::Index units, int count, RandomKey key) {
    Eigen::MatrixXd directions(units, count);
    for (int c = 0; c < count; ++c) {
        for (Eigen::Index i = 0; i < units; ++i) {
            directions(i, c) = standard_normal(random_bits(key, Purpose::signal_direction, 0,
                                                           static_cast<std::uint32_t>(c),
                                                           static_cast<std::uint32_t>(i)));
        }
        directions.col(c).normalize();
    }
    return directions;
}

SignalSystem measure(const System& system, const SignalOptions& options, double time_share,
                     RandomKey key) {
    const Dynamics& dynamics = system.dynamics;
    const auto steps_of = [&](double time) {
        return static_cast<int>(std::lround(time * dynamics.tau() / dynamics.dt()));
    };
    const Eigen::VectorXd settled =
        LinearizedRun(dynamics, system.start, steps_of(options.transient * time_share)).end_state();
    const LinearizedRun run(dynamics, settled, steps_of(options.lag * time_share));
    const std::vector<int> lags = logarithmic_lags(run.steps());
    const Eigen::MatrixXd norms =
        adjoint_norms(run, random_directions(dynamics.units(), options.directions, key), lags);
    SignalSystem result;
    result.replicate = key.replicate;
    result.exponent = run_exponents(run, 1, key).tangent.front();
    for (Eigen::Index lag = 0; lag < norms.rows(); ++lag) {
        // Divided by the largest first: squares of what has exploded would overflow.
        const double largest = norms.row(lag).maxCoeff();
        const double rms_norm = largest > 0.0 && std::isfinite(largest)
                                    ? largest * std::sqrt((norms.row(lag) / largest).squaredNorm() /
                                                          static_cast<double>(norms.cols()))
                                    : largest;
        result.log_norms.push_back(std::log10(std::max(rms_norm, smallest_norm)));
    }
    return result;
}

}  // namespace

std::vector<SignalFamily> learning_signals(const SignalOptions& options, const SignalHooks& hooks) {
    check(options.units > 1 && options.units % 2 == 0, "an even number of units");
    check(options.systems > 0 && options.lag >= 10.0, "systems > 0 and lag >= 10");
    const std::vector<Family> all = families(options);
    const auto systems = static_cast<std::size_t>(options.systems);
    std::vector<SignalFamily> result;
    for (const Family& family : all) {
        result.push_back({family.name, family.prediction, {}, std::vector<SignalSystem>(systems)});
    }
    parallel_for(all.size() * systems, options.threads, [&](std::size_t task, int /*worker*/) {
        if (stop_requested()) {
            throw Error(ExitCode::interrupted, stop_reason());
        }
        const RandomKey key{options.key.seed,
                            options.key.replicate + static_cast<std::uint32_t>(task % systems)};
        const System system = all[task / systems].make(key);
        SignalFamily& family = result[task / systems];
        const SignalPlace place{family.name, task % systems, all.size() * systems};
        SignalSystem& measured = family.systems[task % systems];
        if (auto known = hooks.known ? hooks.known(place) : std::nullopt) {
            measured = std::move(*known);
        } else {
            measured = measure(system, options, all[task / systems].time_share, key);
            if (hooks.measured) {
                hooks.measured(place, measured);
            }
        }
        if (task % systems == 0) {
            const double step = system.dynamics.dt() / system.dynamics.tau();
            const double longest = options.lag * all[task / systems].time_share;
            for (const int lag : logarithmic_lags(static_cast<int>(std::lround(longest / step)))) {
                family.lags.push_back(lag * step);
            }
        }
    });
    return result;
}

}  // namespace shoal
