// SPDX-License-Identifier: MIT
#include "papers/head_direction_networks.hpp"

#include <cmath>
#include <cstddef>
#include <numbers>

#include "analysis/linear/tanh_array.hpp"
#include "core/error.hpp"

namespace shoal {

namespace {

using std::numbers::pi;

constexpr double ring_gain = 1.5;         // of the ring, and sigma of the pairs
constexpr double theta = 0.6;             // between L(1.5) = 0.148 and acos(1 / 1.5) = 0.841
constexpr double relaxation = 200.0;      // time after which an attractor is reached
constexpr double measured_time = 2000.0;  // over which frequencies are measured
constexpr double calibrated_at = 0.1;     // velocity
constexpr std::size_t lanes = PackedMatrix::columns;

using Pair = std::complex<double>;

// One step of a tanh pair dh/dt = -h + tanh(w h), h and w as complex numbers: multiplying by w is
// |w| R(arg w).
Pair pair_step(Pair h, Pair w, double dt) {
    const Pair drive = w * h;
    return h + dt * (Pair(std::tanh(drive.real()), std::tanh(drive.imag())) - h);
}

Pair on_the_cycle(Pair w, double dt) {
    Pair h = 0.5;
    for (int step = 0; step * dt < relaxation; ++step) {
        h = pair_step(h, w, dt);
    }
    return h;
}

// Mean angular velocity.
double frequency_of(Pair w, double dt) {
    Pair h = on_the_cycle(w, dt);
    double turned = 0.0;
    int steps = 0;
    for (; steps * dt < measured_time; ++steps) {
        const Pair next = pair_step(h, w, dt);
        turned += std::arg(next / h);
        h = next;
    }
    return turned / (steps * dt);
}

Pair pair_weight(double velocity_weight) {
    return {ring_gain * std::cos(theta), ring_gain * std::sin(theta) + velocity_weight};
}

// Weight of the velocity that makes the frequency rise by v: two secants of an almost straight
// line.
double velocity_weight(double dt) {
    double weight = ring_gain * std::cos(theta);
    for (int i = 0; i < 2; ++i) {
        const double up = frequency_of(pair_weight(weight * calibrated_at), dt);
        const double down = frequency_of(pair_weight(-weight * calibrated_at), dt);
        weight *= 2.0 * calibrated_at / (up - down);
    }
    return weight;
}

// Writes w as a 2 x 2 block.
void put(Eigen::MatrixXd& matrix, Eigen::Index at, Pair w) {
    matrix.block<2, 2>(at, at) << w.real(), -w.imag(), w.imag(), w.real();
}

}  // namespace

HeadingNetwork ring_attractor(int units, int headings, double dt) {
    HeadingNetwork network;
    network.code = HeadingCode::ring;
    network.dt = dt;
    network.weights.resize(units, units);
    network.velocity_weights.resize(units, units);
    for (int to = 0; to < units; ++to) {
        for (int from = 0; from < units; ++from) {
            const double angle = 2.0 * pi * (to - from) / units;
            network.weights(to, from) = 2.0 * ring_gain / units * std::cos(angle);
            network.velocity_weights(to, from) = 2.0 * ring_gain / units * std::sin(angle);
        }
    }
    network.starts.resize(units, headings);
    for (int heading = 0; heading < headings; ++heading) {
        for (int unit = 0; unit < units; ++unit) {
            network.starts(unit, heading) =
                std::cos(2.0 * pi * unit / units - 2.0 * pi * heading / headings);
        }
    }
    HeadingStepper stepper(network, network.weights);
    for (int step = 0; step * dt < relaxation; ++step) {
        stepper.step(0.0, {});
    }
    network.starts = stepper.states();
    return network;
}

HeadingNetwork two_oscillators(int copies, int headings, double dt) {
    HeadingNetwork network;
    network.code = HeadingCode::oscillators;
    network.dt = dt;
    const Eigen::Index units = 4 * copies;
    network.weights.setZero(units, units);
    network.velocity_weights.setZero(units, units);
    const Pair w = pair_weight(0.0);
    const double weight = velocity_weight(dt);
    for (Eigen::Index copy = 0; copy < copies; ++copy) {
        put(network.weights, 4 * copy, w);
        put(network.weights, 4 * copy + 2, w);
        put(network.velocity_weights, 4 * copy + 2, {0.0, weight});
    }
    network.frequency = frequency_of(w, dt);
    // The cycle, step by step, twice around: a phase is a number of steps.
    const double round = 2.0 * pi / (network.frequency * dt);
    std::vector<Pair> cycle = {on_the_cycle(w, dt)};
    while (static_cast<double>(cycle.size()) < 2.0 * round + 2.0) {
        cycle.push_back(pair_step(cycle.back(), w, dt));
    }
    const auto phase = [round](Eigen::Index part, int whole) {
        return static_cast<std::size_t>(
            std::lround(round * static_cast<double>(part) / static_cast<double>(whole)));
    };
    network.starts.resize(units, headings);
    for (Eigen::Index heading = 0; heading < headings; ++heading) {
        for (Eigen::Index copy = 0; copy < copies; ++copy) {
            const Pair first = cycle[phase(copy, copies)];
            const Pair second = cycle[phase(copy, copies) + phase(heading, headings)];
            network.starts.block<4, 1>(4 * copy, heading) << first.real(), first.imag(),
                second.real(), second.imag();
        }
    }
    return network;
}

std::vector<std::complex<double>> read_headings(HeadingCode code, const Eigen::MatrixXd& states) {
    std::vector<std::complex<double>> seen;
    for (Eigen::Index column = 0; column < states.cols(); ++column) {
        std::complex<double> sum = 0.0;
        if (code == HeadingCode::ring) {
            for (Eigen::Index unit = 0; unit < states.rows(); ++unit) {
                sum += std::polar(states(unit, column), 2.0 * pi * static_cast<double>(unit) /
                                                            static_cast<double>(states.rows()));
            }
        } else {
            for (Eigen::Index at = 0; at < states.rows(); at += 4) {
                const Pair first(states(at, column), states(at + 1, column));
                const Pair second(states(at + 2, column), states(at + 3, column));
                sum += second * std::conj(first);
            }
        }
        seen.push_back(sum);
    }
    return seen;
}

Eigen::MatrixXd perturbed(const Eigen::MatrixXd& weights, WeightNoise where, double size,
                          RandomKey key, int seed) {
    Eigen::MatrixXd result = weights;
    const double added = size * weights.norm() / static_cast<double>(weights.rows());
    for (Eigen::Index to = 0; to < weights.rows(); ++to) {
        for (Eigen::Index from = 0; from < weights.cols(); ++from) {
            const double normal = standard_normal(
                random_bits(key, Purpose::head_direction_weight, static_cast<std::uint32_t>(seed),
                            static_cast<std::uint32_t>(to), static_cast<std::uint32_t>(from)));
            result(to, from) += where == WeightNoise::on_weights ? size * normal * weights(to, from)
                                                                 : added * normal;
        }
    }
    return result;
}

HeadingStepper::HeadingStepper(const HeadingNetwork& network, const Eigen::MatrixXd& weights)
    : dt_(network.dt),
      units_(static_cast<std::size_t>(weights.rows())),
      headings_(static_cast<std::size_t>(network.starts.cols())),
      weights_(weights),
      velocity_weights_(network.velocity_weights),
      blocks_((headings_ + lanes - 1) / lanes, std::vector<double>(units_ * lanes, 0.0)),
      got_(weights_.rows() * lanes),
      turned_(weights_.rows() * lanes) {
    check(weights.rows() == network.starts.rows(), "weights of the network's size");
    for (std::size_t heading = 0; heading < headings_; ++heading) {
        for (std::size_t unit = 0; unit < units_; ++unit) {
            blocks_[heading / lanes][unit * lanes + heading % lanes] =
                network.starts(static_cast<Eigen::Index>(unit), static_cast<Eigen::Index>(heading));
        }
    }
}

void HeadingStepper::step(double velocity, const Noise& noise) {
    const std::size_t rows = weights_.rows();
    for (std::vector<double>& block : blocks_) {
        weights_.multiply(block.data(), got_.data());
        if (velocity != 0.0) {
            velocity_weights_.multiply(block.data(), turned_.data());
            for (std::size_t i = 0; i < got_.size(); ++i) {
                got_[i] += velocity * turned_[i];
            }
        }
        tanh_in_place(got_.data(), got_.size());
        for (std::size_t unit = 0; unit < units_; ++unit) {
            for (std::size_t lane = 0; lane < lanes; ++lane) {
                double& h = block[unit * lanes + lane];
                h += dt_ * (got_[lane * rows + unit] - h);
            }
        }
    }
    if (noise.size > 0.0) {
        add_noise(noise);
    }
    ++steps_;
}

void HeadingStepper::add_noise(const Noise& noise) {
    const double scale = std::sqrt(dt_) * noise.size;
    for (std::size_t block = 0; block < blocks_.size(); ++block) {
        for (std::size_t unit = 0; unit < units_; ++unit) {
            // Four headings of a unit share one block of random bits.
            const PhiloxWords words = random_block(
                noise.key, Purpose::head_direction_noise, static_cast<std::uint32_t>(noise.seed),
                steps_, static_cast<std::uint32_t>(block * units_ + unit));
            for (std::size_t lane = 0; lane < lanes; ++lane) {
                blocks_[block][unit * lanes + lane] += scale * standard_normal(words.word[lane]);
            }
        }
    }
}

Eigen::MatrixXd HeadingStepper::states() const {
    Eigen::MatrixXd states(static_cast<Eigen::Index>(units_), static_cast<Eigen::Index>(headings_));
    for (std::size_t heading = 0; heading < headings_; ++heading) {
        for (std::size_t unit = 0; unit < units_; ++unit) {
            states(static_cast<Eigen::Index>(unit), static_cast<Eigen::Index>(heading)) =
                blocks_[heading / lanes][unit * lanes + heading % lanes];
        }
    }
    return states;
}

}  // namespace shoal
