// SPDX-License-Identifier: MIT
#include "model/initialisers.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/random.hpp"
#include "model/locking_curve.hpp"

namespace shoal {
namespace {

using std::numbers::pi;

struct Turn {
    double cosine = 1.0;
    double sine = 0.0;
};

/// Cosine and sine of 0 <= theta <= pi, to within two units of 2^-53, by sums of their Taylor
/// series: libraries differ in the last bit from processor to processor.
Turn turn_by(double theta) {
    if (theta > pi / 2) {
        const Turn mirrored = turn_by(pi - theta);
        return {-mirrored.cosine, mirrored.sine};
    }
    if (theta > pi / 4) {
        const Turn rest = turn_by(pi / 2 - theta);
        return {rest.sine, rest.cosine};
    }
    // Up to theta^18 / 18!, below 3e-18 here.
    Turn turn;
    double cosine = 0.0;
    double sine = 0.0;
    const double square = theta * theta;
    for (int k = 9; k > 0; --k) {
        cosine = (1.0 - cosine) * square / ((2.0 * k - 1.0) * (2.0 * k));
        sine = (1.0 - sine) * square / ((2.0 * k) * (2.0 * k + 1.0));
    }
    turn.cosine = 1.0 - cosine;
    turn.sine = theta - theta * sine;
    return turn;
}

/// Blocks radius (cos, -sin; sin, cos) along the diagonal.
class PairsMatrix final : public RecurrentMatrix {
  public:
    explicit PairsMatrix(std::vector<TurningPair> pairs) : pairs_(std::move(pairs)) {}
    int units() const override { return static_cast<int>(2 * pairs_.size()); }
    void row(int to, std::span<double> out) const override {
        const auto first = static_cast<std::size_t>(to) / 2 * 2;
        const TurningPair& pair = pairs_[first / 2];
        const Turn turn = turn_by(pair.theta);
        const bool upper = to % 2 == 0;
        std::fill(out.begin(), out.end(), 0.0);
        out[first] = pair.alpha * (upper ? turn.cosine : turn.sine);
        out[first + 1] = pair.alpha * (upper ? -turn.sine : turn.cosine);
    }

  private:
    std::vector<TurningPair> pairs_;
};

class IdentityMatrix final : public RecurrentMatrix {
  public:
    explicit IdentityMatrix(int units) : units_(units) {}
    int units() const override { return units_; }
    void row(int to, std::span<double> out) const override {
        std::fill(out.begin(), out.end(), 0.0);
        out[static_cast<std::size_t>(to)] = 1.0;
    }

  private:
    int units_;
};

class GlorotMatrix final : public RecurrentMatrix {
  public:
    GlorotMatrix(RandomKey key, int units) : key_(key), units_(units) {}
    int units() const override { return units_; }
    void row(int to, std::span<double> out) const override {
        const double limit = std::sqrt(3.0 / units_);
        auto index = static_cast<std::uint32_t>(to * units_);
        for (double& weight : out) {
            const auto bits = random_bits(key_, Purpose::recurrent_weight, 0, 0, index++);
            weight = limit * (2.0 * uniform01(bits) - 1.0);
        }
    }

  private:
    RandomKey key_;
    int units_;
};

class LowRankMatrix final : public RecurrentMatrix {
  public:
    LowRankMatrix(RandomKey key, int units, double gain, double density, int rank, double rank_gain)
        : random_(random_sparse_matrix(key, units, density)), gain_(gain), rank_gain_(rank_gain) {
        const auto count = static_cast<std::uint32_t>(rank) * static_cast<std::uint32_t>(units);
        for (std::uint32_t i = 0; i < count; ++i) {
            vectors_.push_back(
                standard_normal(random_bits(key, Purpose::low_rank_weight, 0, 0, i)));
        }
    }
    int units() const override { return random_->units(); }
    void row(int to, std::span<double> out) const override {
        random_->row(to, out);
        for (double& weight : out) {
            weight *= gain_;
        }
        for (std::size_t k = 0; k < vectors_.size(); k += out.size()) {
            const double* m = vectors_.data() + k;
            const double scale = rank_gain_ * m[to] / units();
            for (std::size_t from = 0; from < out.size(); ++from) {
                out[from] += scale * m[from];
            }
        }
    }

  private:
    std::shared_ptr<const RecurrentMatrix> random_;
    double gain_;
    double rank_gain_;
    std::vector<double> vectors_;  ///< [k, unit]
};

/// Square, row-major, worked on row by row, so that the compiler may do several columns at once
/// without changing a bit.
class SquareMatrix {
  public:
    SquareMatrix(std::size_t size, std::vector<double> values)
        : size_(size), values_(std::move(values)) {}
    double* row(std::size_t i) { return values_.data() + i * size_; }

    /// Multiplies by I - 2 v v' from the left, v zero before row `first`; columns from `first` on.
    void reflect(const std::vector<double>& v, std::size_t first) {
        projection_.assign(size_, 0.0);
        for (std::size_t i = first; i < size_; ++i) {
            for (std::size_t j = first; j < size_; ++j) {
                projection_[j] += v[i] * row(i)[j];
            }
        }
        for (std::size_t i = first; i < size_; ++i) {
            const double twice = 2.0 * v[i];
            for (std::size_t j = first; j < size_; ++j) {
                row(i)[j] -= twice * projection_[j];
            }
        }
    }
    std::vector<double> take() { return std::move(values_); }

  private:
    std::size_t size_;
    std::vector<double> values_;
    std::vector<double> projection_;
};

/// The unit vector whose reflection turns column `k` of `a`, from the diagonal down, to the
/// diagonal; and the sign of the diagonal after it.
std::pair<std::vector<double>, double> householder(SquareMatrix& a, std::size_t k,
                                                   std::size_t size) {
    std::vector<double> v(size, 0.0);
    double squares = 0.0;
    for (std::size_t i = k; i < size; ++i) {
        v[i] = a.row(i)[k];
        squares += v[i] * v[i];
    }
    const double sign = v[k] < 0.0 ? 1.0 : -1.0;
    const double head = v[k];
    v[k] -= sign * std::sqrt(squares);
    const double length = std::sqrt(squares - head * head + v[k] * v[k]);
    for (std::size_t i = k; i < size; ++i) {
        v[i] /= length;
    }
    return {std::move(v), sign};
}

}  // namespace

std::shared_ptr<const RecurrentMatrix> quasi_periodic_matrix(RandomKey key, int units) {
    check(units % 2 == 0, "pairs of units");
    std::vector<TurningPair> pairs;
    for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(units) / 2; ++i) {
        pairs.push_back(turning_pair(uniform01(random_bits(key, Purpose::init_radius, 0, 0, i)),
                                     uniform01(random_bits(key, Purpose::init_angle, 0, 0, i))));
    }
    return std::make_shared<PairsMatrix>(std::move(pairs));
}

std::shared_ptr<const RecurrentMatrix> quasi_periodic_flow_matrix(RandomKey key, int units) {
    check(units % 2 == 0, "pairs of units");
    std::vector<TurningPair> pairs;
    for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(units) / 2; ++i) {
        const double part = uniform01(random_bits(key, Purpose::init_angle, 0, 0, i));
        pairs.push_back({1.5, pi / 21 + part * (pi / 3.8 - pi / 21)});
    }
    return std::make_shared<PairsMatrix>(std::move(pairs));
}

std::shared_ptr<const RecurrentMatrix> orthogonal_matrix(RandomKey key, int units) {
    const auto n = static_cast<std::size_t>(units);
    std::vector<double> normals(n * n);
    for (std::size_t i = 0; i < n * n; ++i) {
        normals[i] = standard_normal(
            random_bits(key, Purpose::recurrent_weight, 0, 0, static_cast<std::uint32_t>(i)));
    }
    SquareMatrix a(n, std::move(normals));
    std::vector<std::vector<double>> reflections;
    std::vector<double> signs;
    for (std::size_t k = 0; k < n; ++k) {
        auto [v, sign] = householder(a, k, n);
        a.reflect(v, k);
        reflections.push_back(std::move(v));
        signs.push_back(sign);
    }
    // Q = H_0 ... H_(n-1) diag(signs), built from the right: H_k leaves rows before k alone, and
    // the product of those after it is still the identity in columns up to k.
    std::vector<double> diagonal(n * n, 0.0);
    for (std::size_t k = 0; k < n; ++k) {
        diagonal[k * n + k] = signs[k];
    }
    SquareMatrix q(n, std::move(diagonal));
    for (std::size_t k = n; k-- > 0;) {
        q.reflect(reflections[k], k);
    }
    return dense_matrix(units, q.take());
}

std::shared_ptr<const RecurrentMatrix> identity_matrix(int units) {
    return std::make_shared<IdentityMatrix>(units);
}

std::shared_ptr<const RecurrentMatrix> glorot_matrix(RandomKey key, int units) {
    return std::make_shared<GlorotMatrix>(key, units);
}

std::shared_ptr<const RecurrentMatrix> low_rank_matrix(RandomKey key, int units, double gain,
                                                       double density, int rank, double rank_gain) {
    return std::make_shared<LowRankMatrix>(key, units, gain, density, rank, rank_gain);
}

std::shared_ptr<const RecurrentMatrix> initial_matrix(const NetworkSpec& spec) {
    const NetworkConfig& network = spec.network;
    switch (network.init) {
        case Init::gauss:
        case Init::uniform:
            return random_sparse_matrix(spec.key(), network.units, network.density);
        case Init::quasi_periodic:
            return quasi_periodic_matrix(spec.key(), network.units);
        case Init::quasi_periodic_flow:
            return quasi_periodic_flow_matrix(spec.key(), network.units);
        case Init::orthogonal:
            return orthogonal_matrix(spec.key(), network.units);
        case Init::identity:
            return identity_matrix(network.units);
        case Init::glorot:
            return glorot_matrix(spec.key(), network.units);
        case Init::low_rank:
            return low_rank_matrix(spec.key(), network.units, network.gain, network.density,
                                   network.rank, network.rank_gain);
        case Init::file:
            break;
    }
    check(false, "initial_matrix: a matrix that comes from a file");
    return nullptr;
}

}  // namespace shoal
