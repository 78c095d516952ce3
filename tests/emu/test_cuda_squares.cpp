// SPDX-License-Identifier: MIT
// Least squares of streamed networks, kernel by kernel, against plain loops in double.
#include "emu/kernel_support.hpp"

namespace shoal::cuda {
namespace {

/// One group of one network in its epoch; `update` is given and checked against double.
template <typename T>
class Squares {
  public:
    explicit Squares(int units)
        : units_(units),
          n_(number(units)),
          blocks_(square_blocks(units)),
          padded_(number(blocks_) * square_side) {
        // P = I + a a' / n: symmetric, positive.
        const auto a = normals<T>(n_, 11);
        std::vector<T> tiles(number(static_cast<int>(square_size(units))), T{0});
        p_.resize(n_ * n_);
        for (int i = 0; i < units; ++i) {
            for (int j = 0; j < units; ++j) {
                const T value =
                    (i == j ? T{1} : T{0}) + a[number(i)] * a[number(j)] / static_cast<T>(units);
                p_[number(i) * n_ + number(j)] = value;
                if (i / square_side >= j / square_side) {
                    tiles[place(i, j)] = value;
                }
            }
        }
        d_p_ = device_.put(tiles);
        d_rates_ = device_.put(std::vector<T>(n_, T{0}));
        readout_ = normals<T>(2 * n_, 12);
        d_readout_ = device_.put(readout_);
        d_z_ = device_.put(std::vector<T>{T(0.7), T(-0.4)});
        d_targets_ = device_.put(std::vector<double>{0.25, 0.5});
        d_groups_ = device_.put(std::vector<int>{0, 0});
        d_diverged_ = device_.put(std::vector<int>{-1});
        d_strips_ = DeviceArray<T>(number(blocks_) * padded_);
        d_columns_ = DeviceArray<T>(padded_);
        d_gains_ = DeviceArray<T>(max_pending_updates * padded_);
        d_inverse_ = DeviceArray<T>(max_pending_updates);
    }

    /// Update number `m` with these rates, then checks k, 1 / c and the readout.
    void update(int m) {
        const auto rates = normals<T>(n_, 20 + static_cast<std::uint32_t>(m));
        d_rates_ = device_.put(rates);
        set_plan({0, static_cast<std::int8_t>(m), 0});
        const int blocks = GainLaunch<T>::blocks(units_);
        launch(operation::Gain<T>{d_member_.data(), blocks, {}},
               {blocks, GainLaunch<T>::threads, GainLaunch<T>::shared_bytes}, device_.stream);
        launch(operation::Learn<T>{d_member_.data(), {}},
               {1, LearnLaunch<T>::threads, LearnLaunch<T>::shared_bytes}, device_.stream);
        const auto gains = device_.get(d_gains_);
        std::vector<double> k(n_, 0.0);
        double size = 0;  // of the terms that make one entry of k
        for (std::size_t i = 0; i < n_; ++i) {
            double terms = 0;
            for (std::size_t j = 0; j < n_; ++j) {
                k[i] += static_cast<double>(p_[i * n_ + j]) * rates[j];
                terms += std::abs(static_cast<double>(p_[i * n_ + j]) * rates[j]);
            }
            for (std::size_t e = 0; e < gains_.size(); ++e) {
                double projection = 0, parts = 0;
                for (std::size_t j = 0; j < n_; ++j) {
                    projection += gains_[e][j] * rates[j];
                    parts += std::abs(gains_[e][j] * rates[j]);
                }
                k[i] -= projection / c_[e] * gains_[e][i];
                terms += parts / c_[e] * std::abs(gains_[e][i]);
            }
            size = std::max(size, terms);
        }
        double c = 1.0, c_terms = 1.0;
        for (std::size_t i = 0; i < n_; ++i) {
            c += rates[i] * k[i];
            c_terms += std::abs(rates[i]) * size;
        }
        const double sum_bound = (2 * units_ + 64) * epsilon<T>;
        for (std::size_t i = 0; i < n_; ++i) {
            EXPECT_NEAR(gains[number(m) * padded_ + i], k[i], sum_bound * size);
        }
        for (std::size_t i = n_; i < padded_; ++i) {
            EXPECT_EQ(gains[number(m) * padded_ + i], T{0});
        }
        const double c_bound = 2 * sum_bound * c_terms / c;
        EXPECT_NEAR(device_.get(d_inverse_)[number(m)] * c, 1.0, c_bound);
        const auto readout = device_.get(d_readout_);
        for (std::size_t o = 0; o < 2; ++o) {
            const double error = o == 0 ? 0.7 - 0.25 : -0.4 - 0.5;
            for (std::size_t i = 0; i < n_; ++i) {
                const double want = readout_[o * n_ + i] - error / c * k[i];
                const double move = std::abs(error) / c * size;
                EXPECT_NEAR(readout[o * n_ + i], want,
                            (sum_bound + c_bound) * move + 4 * epsilon<T> * (std::abs(want) + 1));
            }
        }
        readout_ = readout;
        // What follows starts from what the device has.
        gains_.emplace_back(gains.begin() + static_cast<std::ptrdiff_t>(number(m) * padded_),
                            gains.begin() + static_cast<std::ptrdiff_t>(number(m) * padded_ + n_));
        c_.push_back(1.0 / device_.get(d_inverse_)[number(m)]);
    }

    void rewrite(RewriteWhen when) {
        const auto pending = static_cast<std::int8_t>(gains_.size());
        set_plan(when == RewriteWhen::before_update ? GroupStep{pending, -1, 0}
                                                    : GroupStep{0, -1, pending});
        const int blocks = GainLaunch<T>::blocks(units_);
        launch(operation::Rewrite<T>{d_member_.data(), blocks, {}, when},
               {blocks, RewriteLaunch<T>::threads, RewriteLaunch<T>::shared_bytes}, device_.stream);
        const auto tiles = device_.get(d_p_);
        for (int i = 0; i < units_; ++i) {
            for (int j = 0; j <= i; ++j) {
                const std::size_t at = number(i) * n_ + number(j);
                double want = p_[at], terms = std::abs(want);
                for (std::size_t e = 0; e < gains_.size(); ++e) {
                    const double term = gains_[e][number(i)] * gains_[e][number(j)] / c_[e];
                    want -= term;
                    terms += std::abs(term);
                }
                const T got = tiles[place(i, j)];
                ASSERT_NEAR(got, want,
                            (static_cast<double>(gains_.size()) + 4) * epsilon<T> * terms);
                p_[at] = p_[number(j) * n_ + number(i)] = got;
                if (i / square_side == j / square_side) {
                    ASSERT_EQ(got, tiles[place(j, i)]) << i << " " << j;
                }
            }
        }
        gains_.clear();
        c_.clear();
    }

  private:
    std::size_t place(int i, int j) const {
        return static_cast<std::size_t>(square_offset(i / square_side, j / square_side, blocks_) +
                                        j % square_side * square_side + i % square_side);
    }
    void set_plan(GroupStep plan) {
        d_plan_ = device_.put(std::vector<GroupStep>{plan});
        StreamedNetwork<T> member;
        member.network.weights.units = units_;
        member.network.weights.outputs = 2;
        member.network.groups = 1;
        member.network.group_of_output = d_groups_.data();
        member.network.output = d_z_.data();
        member.network.readout = d_readout_.data();
        member.network.inverse_correlation = d_p_.data();
        member.network.group_size = square_size(units_);
        member.trial.steps = 1;
        member.trial.targets = d_targets_.data();
        member.plan = d_plan_.data();
        member.rates = d_rates_.data();
        member.diverged_at = d_diverged_.data();
        member.strips = d_strips_.data();
        member.columns = d_columns_.data();
        member.gains = d_gains_.data();
        member.inverse = d_inverse_.data();
        d_member_ = device_.put(std::vector<StreamedNetwork<T>>{member});
    }

    Device device_;
    int units_;
    std::size_t n_;
    int blocks_;
    std::size_t padded_;
    std::vector<T> p_;                        // [i, j], whole
    std::vector<std::vector<double>> gains_;  // pending
    std::vector<double> c_;
    std::vector<T> readout_;
    DeviceArray<T> d_p_, d_rates_, d_readout_, d_z_, d_strips_, d_columns_, d_gains_, d_inverse_;
    DeviceArray<double> d_targets_;
    DeviceArray<int> d_groups_, d_diverged_;
    DeviceArray<GroupStep> d_plan_;
    DeviceArray<StreamedNetwork<T>> d_member_;
};

template <typename T>
void expect_least_squares(int units) {
    Squares<T> squares(units);
    squares.update(0);
    squares.update(1);
    squares.update(2);
    squares.rewrite(RewriteWhen::at_epoch_end);
    squares.update(0);
    squares.rewrite(RewriteWhen::before_update);
}

const bool registered = [] {
    for (const int units : {1, 31, 32, 33, 64, 65, 100, 128, 200, 257, 1000}) {
        add_test("gain_learn_rewrite", size_name(units),
                 [=] { expect_least_squares<float>(units); });
        add_test("gain_learn_rewrite", size_name(units) + "_fp64",
                 [=] { expect_least_squares<double>(units); });
    }
    return true;
}();

}  // namespace
}  // namespace shoal::cuda
