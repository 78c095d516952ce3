// SPDX-License-Identifier: MIT
#include "papers/head_direction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>
#include <numbers>
#include <numeric>
#include <utility>

#include "core/error.hpp"
#include "core/numbers.hpp"
#include "core/parallel.hpp"
#include "core/stop.hpp"

namespace shoal {

namespace {

constexpr double turn = 2.0 * std::numbers::pi;
constexpr int circle_iterations = 10'000;
constexpr double at_rest = 1e-6;     // rad, last move of the map
constexpr double same_point = 0.02;  // rad
constexpr int velocity_waves = 3;    // of the velocity

double wrapped(double angle) {
    return angle - turn * std::floor(angle / turn);
}

double rms_of(const Eigen::VectorXd& values) {
    return std::sqrt(values.squaredNorm() / static_cast<double>(values.size()));
}

// What one seed says.
struct Measured {
    Eigen::VectorXd error;  // [sample]
    double integration_error = 0.0;
    double drift = 0.0;
    double late_drift = 0.0;
    double end_states = -1.0;
    double wandering = -1.0;
    double separation = 0.0;
    double coherence = 0.0;
};

double least_separation(const HeadingRun& run) {
    const Eigen::Index count = run.headings.cols();
    const Eigen::Index last = run.headings.rows() - 1;
    double least = std::numeric_limits<double>::infinity();
    for (Eigen::Index i = 0; i < count; ++i) {
        const Eigen::Index next = (i + 1) % count;
        const auto gap = [&](Eigen::Index sample) {
            return run.headings(sample, next) - run.headings(sample, i) + (next == 0 ? turn : 0.0);
        };
        least = std::min(least, gap(last) / gap(0));
    }
    return least;
}

std::vector<double> row_of(const Eigen::MatrixXd& matrix, Eigen::Index row) {
    const Eigen::VectorXd values = matrix.row(row);
    return {values.data(), values.data() + values.size()};
}

Measured measure(const HeadDirectionOptions& options, const HeadingNetwork& network,
                 HeadingPerturbation kind, double size, int seed) {
    HeadingStepper::Noise noise{0.0, options.key, seed};
    Eigen::MatrixXd weights = network.weights;
    if (kind == HeadingPerturbation::state_noise) {
        noise.size = size;
    } else {
        weights = perturbed(network.weights,
                            kind == HeadingPerturbation::weights ? WeightNoise::on_weights
                                                                 : WeightNoise::everywhere,
                            size, options.key, seed);
    }
    const int steps = static_cast<int>(std::lround(options.hold / options.dt));
    const HeadingRun run = run_headings(network, weights, steps, {}, noise);
    const Eigen::Index last = run.headings.rows() - 1;
    const Eigen::Index middle = last / 2;
    const double interval = options.hold / static_cast<double>(last);

    Measured measured;
    measured.error.resize(last + 1);
    for (Eigen::Index sample = 0; sample <= last; ++sample) {
        measured.error[sample] = rms_of(run.headings.row(sample) - run.headings.row(0));
    }
    measured.drift = measured.error[last] / options.hold;
    const Eigen::VectorXd late = run.headings.row(last) - run.headings.row(middle);
    measured.late_drift = rms_of(late) / (static_cast<double>(last - middle) * interval);
    if (kind != HeadingPerturbation::state_noise) {
        const CircleEnds ends =
            circle_ends(row_of(run.headings, middle), row_of(run.headings, last));
        measured.end_states = ends.points;
        measured.wandering = ends.wandering;
    }
    measured.separation = least_separation(run);
    measured.coherence = run.coherence.row(last).mean() / run.coherence.row(0).mean();

    const std::vector<double> velocity = followed_velocity(options, seed);
    const HeadingRun moved =
        run_headings(network, weights, static_cast<int>(velocity.size()), velocity, noise);
    const double turned = options.dt * std::accumulate(velocity.begin(), velocity.end(), 0.0);
    const Eigen::VectorXd way =
        moved.headings.row(moved.headings.rows() - 1) - moved.headings.row(0);
    measured.integration_error = rms_of(way.array() - turned);
    return measured;
}

template <class Value>
SeedMean over_seeds(const std::vector<Measured>& seeds, Value value) {
    const auto count = static_cast<double>(seeds.size());
    SeedMean result;
    for (const Measured& seed : seeds) {
        result.mean += value(seed) / count;
    }
    double squares = 0.0;
    for (const Measured& seed : seeds) {
        squares += (value(seed) - result.mean) * (value(seed) - result.mean);
    }
    double half = nan;
    if (seeds.size() > 1) {
        const boost::math::students_t student(count - 1.0);
        half = boost::math::quantile(boost::math::complement(student, 0.025)) *
               std::sqrt(squares / (count * (count - 1.0)));
    }
    result.low = result.mean - half;
    result.high = result.mean + half;
    return result;
}

HeadingCurve curve_of(const HeadDirectionOptions& options, HeadingCode code,
                      HeadingPerturbation kind, double size, const std::vector<Measured>& seeds) {
    HeadingCurve curve;
    curve.network = code;
    curve.perturbation = kind;
    curve.size = size;
    const Eigen::Index samples = seeds.front().error.size();
    for (Eigen::Index sample = 0; sample < samples; ++sample) {
        const SeedMean error =
            over_seeds(seeds, [sample](const Measured& seed) { return seed.error[sample]; });
        curve.times.push_back(options.hold * static_cast<double>(sample) /
                              static_cast<double>(samples - 1));
        curve.error.push_back(error.mean);
        curve.error_low.push_back(error.low);
        curve.error_high.push_back(error.high);
    }
    const auto mean = [&](double Measured::*field) {
        return over_seeds(seeds, [field](const Measured& seed) { return seed.*field; });
    };
    curve.integration_error = mean(&Measured::integration_error);
    curve.drift = mean(&Measured::drift);
    curve.late_drift = mean(&Measured::late_drift);
    curve.end_states = mean(&Measured::end_states);
    curve.wandering = mean(&Measured::wandering);
    curve.separation = mean(&Measured::separation);
    curve.coherence = mean(&Measured::coherence);
    return curve;
}

}  // namespace

std::vector<double> followed_velocity(const HeadDirectionOptions& options, int seed) {
    double phases[velocity_waves];
    for (int k = 0; k < velocity_waves; ++k) {
        phases[k] = turn * uniform01(random_bits(options.key, Purpose::head_direction_velocity,
                                                 static_cast<std::uint32_t>(seed), 0,
                                                 static_cast<std::uint32_t>(k)));
    }
    std::vector<double> velocity;
    const int steps = static_cast<int>(std::lround(options.integration / options.dt));
    for (int step = 0; step < steps; ++step) {
        const double phase = turn * step / steps;
        double sum = 0.0;
        for (int k = 0; k < velocity_waves; ++k) {
            sum += std::sin((k + 0.5) * phase + phases[k]);
        }
        velocity.push_back(options.velocity * sum / velocity_waves);
    }
    return velocity;
}

HeadingRun run_headings(const HeadingNetwork& network, const Eigen::MatrixXd& weights, int steps,
                        const std::vector<double>& velocity, const HeadingStepper::Noise& noise) {
    const int stride = std::max(1, static_cast<int>(std::lround(1.0 / network.dt)));
    const Eigen::Index samples = 1 + steps / stride;
    HeadingRun run{Eigen::MatrixXd(samples, network.starts.cols()),
                   Eigen::MatrixXd(samples, network.starts.cols())};
    HeadingStepper stepper(network, weights);
    const auto sample = [&](Eigen::Index at) {
        const auto seen = read_headings(network.code, stepper.states());
        for (std::size_t i = 0; i < seen.size(); ++i) {
            const auto column = static_cast<Eigen::Index>(i);
            const double heading = std::arg(seen[i]);
            // The turn nearest to where it was, at the start to that of the heading before.
            const double before = at > 0       ? run.headings(at - 1, column)
                                  : column > 0 ? run.headings(0, column - 1) + turn / 2.0 - 1e-9
                                               : heading;
            run.headings(at, column) = heading + turn * std::round((before - heading) / turn);
            run.coherence(at, column) = std::abs(seen[i]);
        }
    };
    sample(0);
    for (int step = 0; step < steps; ++step) {
        stop_point();
        stepper.step(velocity.empty() ? 0.0 : velocity[static_cast<std::size_t>(step)], noise);
        if ((step + 1) % stride == 0) {
            sample((step + 1) / stride);
        }
    }
    return run;
}

CircleEnds circle_ends(const std::vector<double>& from, const std::vector<double>& to) {
    check(from.size() == to.size() && from.size() > 1, "a map of the circle");
    const std::size_t count = from.size();
    std::vector<std::pair<double, double>> knots;  // where, how far on
    for (std::size_t i = 0; i < count; ++i) {
        knots.emplace_back(wrapped(from[i]), to[i] - from[i]);
    }
    std::sort(knots.begin(), knots.end());
    const auto move = [&](double at) {
        const double x = wrapped(at);
        const auto above = std::upper_bound(knots.begin(), knots.end(), std::pair(x, turn));
        const auto& right = above == knots.end() ? knots.front() : *above;
        const auto& left = above == knots.begin() ? knots.back() : *std::prev(above);
        const double width = wrapped(right.first - left.first);
        const double part = width > 0.0 ? wrapped(x - left.first) / width : 0.0;
        return left.second + part * (right.second - left.second);
    };
    CircleEnds ends;
    std::vector<double> points;
    for (const auto& [start, first] : knots) {
        double x = start;
        double moved = first;
        for (int i = 0; i < circle_iterations && std::abs(moved) > 1e-3 * at_rest; ++i) {
            x = wrapped(x + moved);
            moved = move(x);
        }
        if (!(std::abs(moved) <= at_rest)) {
            ends.wandering += 1.0 / static_cast<double>(count);
            continue;
        }
        if (std::none_of(points.begin(), points.end(), [x](double other) {
                return std::abs(std::remainder(x - other, turn)) <= same_point;
            })) {
            points.push_back(x);
        }
    }
    ends.points = static_cast<int>(points.size());
    return ends;
}

HeadDirectionResult run_head_direction(const HeadDirectionOptions& options) {
    check(options.copies > 0 && options.ring_units > 2 && options.headings > 2 && options.seeds > 0,
          "units, headings and seeds");
    check(options.hold >= 4.0 && options.integration >= 1.0, "times to hold and to integrate");
    const HeadingNetwork networks[] = {
        two_oscillators(options.copies, options.headings, options.dt),
        ring_attractor(options.ring_units, options.headings, options.dt)};
    HeadDirectionResult result;
    result.headings = options.headings;
    result.seeds = options.seeds;
    result.ring_units = options.ring_units;
    result.oscillator_units = 4 * options.copies;
    result.dt = options.dt;
    result.hold = options.hold;
    result.integration = options.integration;
    result.velocity = options.velocity;
    result.frequency = networks[0].frequency;

    struct TableCell {
        const HeadingNetwork* network;
        HeadingPerturbation kind;
        double size;
    };
    std::vector<TableCell> cells;
    for (const HeadingNetwork& network : networks) {
        cells.push_back({&network, HeadingPerturbation::weights, 0.0});  // unperturbed
        for (const double size : options.state_noise) {
            cells.push_back({&network, HeadingPerturbation::state_noise, size});
        }
        for (const auto kind : {HeadingPerturbation::weights, HeadingPerturbation::new_weights}) {
            for (const double size : options.weight_noise) {
                cells.push_back({&network, kind, size});
            }
        }
    }
    std::vector<std::vector<Measured>> measured(
        cells.size(), std::vector<Measured>(static_cast<std::size_t>(options.seeds)));
    const auto seeds = static_cast<std::size_t>(options.seeds);
    parallel_for(cells.size() * seeds, options.threads, [&](std::size_t index, int) {
        const TableCell& cell = cells[index / seeds];
        measured[index / seeds][index % seeds] =
            measure(options, *cell.network, cell.kind, cell.size, static_cast<int>(index % seeds));
        if (options.run_done) {
            options.run_done(cells.size() * seeds);
        }
    });
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (cells[i].size > 0.0) {
            result.curves.push_back(curve_of(options, cells[i].network->code, cells[i].kind,
                                             cells[i].size, measured[i]));
            continue;
        }
        double& worst = cells[i].network->code == HeadingCode::ring ? result.ring_error
                                                                    : result.oscillator_error;
        for (const Measured& seed : measured[i]) {
            worst = std::max(worst, seed.integration_error);
        }
    }
    result.limits = fmt::format(
        "Headings are held for {:g} tau; where they end for good is extrapolated from the second "
        "half of that time.",
        options.hold);
    return result;
}

}  // namespace shoal
