// SPDX-License-Identifier: MIT
// The reference gradient against a loss written here once more, in numbers that carry a derivative:
// <J v, w> = <v, J' w> for J the outputs' derivative by the weights and w the loss's slope, exact
// to rounding; and against finite differences.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "backend/backend.hpp"
#include "gradient_cases.hpp"

namespace shoal {
namespace {

using test::GradientCase;

/// value + derivative epsilon.
struct Dual {
    double value = 0.0;
    double slope = 0.0;
};
Dual operator+(Dual a, Dual b) {
    return {a.value + b.value, a.slope + b.slope};
}
Dual operator*(Dual a, Dual b) {
    return {a.value * b.value, a.slope * b.value + a.value * b.slope};
}
Dual operator*(double a, Dual b) {
    return {a * b.value, a * b.slope};
}
Dual tanh(Dual a) {
    const double t = std::tanh(a.value);
    return {t, (1.0 - t * t) * a.slope};
}
Dual exp(Dual a) {
    const double e = std::exp(a.value);
    return {e, e * a.slope};
}
Dual log(Dual a) {
    return {std::log(a.value), a.slope / a.value};
}

/// Loss and penalties at `weights` (WeightLayout; with factors W = base + U V').
Dual loss_of(const GradientCase& c, const GradientRule& rule, const std::vector<Dual>& given,
             const std::vector<double>& base, const TrialBatch& batch) {
    const WeightLayout at(c.shape);
    const std::size_t n = at.units;
    const auto inputs = static_cast<std::size_t>(c.shape.inputs);
    const auto outputs = static_cast<std::size_t>(c.shape.outputs);
    const auto rank = static_cast<std::size_t>(c.shape.rank);
    std::vector<Dual> w = given;
    for (std::size_t i = 0; i < n && rank > 0; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            w[i * n + j] = {base[i * n + j], 0.0};
            for (std::size_t k = 0; k < rank; ++k) {
                w[i * n + j] =
                    w[i * n + j] + w[at.factor_u + i * rank + k] * w[at.factor_v + j * rank + k];
            }
        }
    }
    const bool current = c.cell == Cell::current;
    const bool classes = c.training.loss == Loss::cross_entropy;
    Dual error;
    double terms = 0.0;
    Dual rates;
    for (int b = 0; b < batch.trials; ++b) {
        std::vector<Dual> x(w.begin() + static_cast<std::ptrdiff_t>(at.initial_state),
                            w.begin() + static_cast<std::ptrdiff_t>(at.factor_u));
        for (int t = 0; t < c.shape.steps; ++t) {
            const auto row = static_cast<std::size_t>(t * batch.trials + b);
            std::vector<Dual> r = x;
            for (Dual& value : r) {
                value = current ? tanh(value) : value;
            }
            for (std::size_t i = 0; i < n; ++i) {
                Dual drive = w[at.bias + i];
                for (std::size_t j = 0; j < n; ++j) {
                    drive = drive + w[i * n + j] * r[j];
                }
                for (std::size_t k = 0; k < inputs; ++k) {
                    drive = drive + batch.inputs[row * inputs + k] * w[at.input + i * inputs + k];
                }
                const double xi = standard_normal(
                    random_bits(rule.key, Purpose::process_noise,
                                static_cast<std::uint32_t>(batch.first_trial + b),
                                static_cast<std::uint32_t>(t), static_cast<std::uint32_t>(i)));
                x[i] = (1.0 - c.dt) * x[i] + c.dt * (current ? drive : tanh(drive)) +
                       Dual{std::sqrt(c.dt) * c.training.noise * xi, 0.0};
            }
            std::vector<Dual> z(outputs);
            Dual sum;
            for (std::size_t o = 0; o < outputs; ++o) {
                for (std::size_t i = 0; i < n; ++i) {
                    z[o] = z[o] + w[at.readout + o * n + i] * (current ? tanh(x[i]) : x[i]);
                }
                sum = sum + exp(z[o]);
            }
            for (const Dual& value : x) {
                const Dual rate = current ? tanh(value) : value;
                rates = rates + rate * rate;
            }
            for (std::size_t o = 0; o < outputs; ++o) {
                const std::size_t place = row * outputs + o;
                if (batch.mask[place] == 0) {
                    continue;
                }
                const Dual target = {batch.targets[place], 0.0};
                const double weight = batch.weights.empty() ? 1.0 : batch.weights[place];
                if (classes) {
                    error = error + weight * (target * (log(sum) + (-1.0) * z[o]));
                    terms += weight / static_cast<double>(outputs);
                } else {
                    const Dual difference = z[o] + (-1.0) * target;
                    error = error + weight * (difference * difference);
                    terms += weight;
                }
            }
        }
    }
    const double count = static_cast<double>(batch.trials) * c.shape.steps * c.shape.units;
    Dual total = (1.0 / terms) * error + (c.training.rate_penalty / count) * rates;
    for (const WeightRange range : trained_ranges(rule)) {
        for (std::size_t i = range.begin; i < range.end; ++i) {
            total = total + c.training.l2 * (w[i] * w[i]);
        }
    }
    return total;
}

class ReferenceGradient : public testing::TestWithParam<GradientCase> {
  protected:
    void SetUp() override {
        backend_ = make_backend("reference", {Precision::fp64, 1, 0});
        session_ = backend_->gradient_session();
        // U = 0 hides errors in V's gradient: start from weights that are all different.
        const NetworkModel model = test::gradient_model(c_);
        const std::vector<double> initial = initial_weights(model, rule_);
        base_.assign(initial.begin(), initial.begin() + static_cast<std::ptrdiff_t>(at_.input));
        weights_ = initial;
        for (std::size_t i = at_.factor_u; i < at_.size; ++i) {
            weights_[i] = 0.5 * test::normal(4000, i);
        }
        const auto rank = static_cast<std::size_t>(c_.shape.rank);
        for (std::size_t i = 0; i < at_.units; ++i) {
            for (std::size_t j = 0; j < at_.units; ++j) {
                for (std::size_t k = 0; k < rank; ++k) {
                    weights_[i * at_.units + j] += weights_[at_.factor_u + i * rank + k] *
                                                   weights_[at_.factor_v + j * rank + k];
                }
            }
        }
        GradientState start;
        start.weights = weights_;
        start.first_moment.assign(at_.size, 0.0);
        start.second_moment.assign(at_.size, 0.0);
        handle_ = session_->add(model, rule_, &start);
    }

    /// The loss of this test, with derivative along `direction`.
    Dual loss(const std::vector<double>& direction, double step = 0.0) const {
        std::vector<Dual> weights(at_.size);
        for (std::size_t i = 0; i < at_.size; ++i) {
            weights[i] = {weights_[i] + step * direction[i], direction[i]};
        }
        return loss_of(c_, rule_, weights, base_, batch_);
    }

    GradientCase c_ = GetParam();
    GradientRule rule_ = test::gradient_rule(c_);
    WeightLayout at_{c_.shape};
    TrialBatch batch_ = test::gradient_batch(c_);
    std::unique_ptr<Backend> backend_;
    std::unique_ptr<GradientSession> session_;
    std::vector<double> weights_, base_;
    int handle_ = -1;
};

TEST_P(ReferenceGradient, IsTheDerivativeOfTheLossAlongEveryPart) {
    std::vector<double> gradient;
    const IterationOutcome outcome = session_->gradient({handle_, &batch_, 0}, gradient);
    ASSERT_FALSE(outcome.diverged);
    ASSERT_EQ(gradient.size(), at_.size);
    const std::vector<double> nowhere(at_.size, 0.0);
    // A few thousand operations in double, each of relative error 1.1e-16, on numbers of order 1.
    EXPECT_NEAR(outcome.loss + outcome.penalty, loss(nowhere).value, 1e-12);

    double squares = 0.0;
    double trained = 0.0;
    for (const WeightRange range : trained_ranges(rule_)) {
        std::vector<double> direction(at_.size, 0.0);
        double along = 0.0;
        for (std::size_t i = range.begin; i < range.end; ++i) {
            direction[i] = test::normal(5000, i);
            along += gradient[i] * direction[i];
            squares += gradient[i] * gradient[i];
        }
        trained += static_cast<double>(range.end - range.begin);
        EXPECT_NEAR(along, loss(direction).slope, 1e-12) << "weights from " << range.begin;
        // Central differences, extrapolated: error h^4 times a fifth derivative, which is below 1e6
        // along these directions, and rounding 1e-16 / h.
        const double h = 2e-4;
        const double wide =
            (loss(direction, 2 * h).value - loss(direction, -2 * h).value) / (4 * h);
        const double narrow = (loss(direction, h).value - loss(direction, -h).value) / (2 * h);
        EXPECT_NEAR(along, (4.0 * narrow - wide) / 3.0, 1e-8) << "weights from " << range.begin;
    }
    EXPECT_NEAR(outcome.gradient_norm, std::sqrt(squares), 1e-12);
    EXPECT_GT(outcome.gradient_norm, 1e-3);

    std::size_t zeros = 0;
    for (const double value : gradient) {
        zeros += value == 0.0 ? 1 : 0;
    }
    EXPECT_EQ(static_cast<double>(gradient.size() - zeros), trained)
        << "weights that are not trained have no gradient, the others have one";
}

INSTANTIATE_TEST_SUITE_P(EveryOption, ReferenceGradient, testing::ValuesIn(test::gradient_cases()),
                         [](const auto& one) { return one.param.name; });

TEST(ReferenceOptimiser, AdamClipsDecaysAndCorrectsItsBias) {
    GradientCase c;
    c.name = "adam";
    c.training.learning_rate = 0.01;
    c.training.weight_decay = 0.1;
    c.training.clip = 0.05;
    c.training.warmup = 1;
    c.training.schedule = RateSchedule::linear;
    c.training.iterations = 5;
    const GradientRule rule = test::gradient_rule(c);
    const auto backend = make_backend("reference", {Precision::fp64, 1, 0});
    const auto session = backend->gradient_session();
    const int handle = session->add(test::gradient_model(c), rule, nullptr);
    const TrialBatch batch = test::gradient_batch(c);
    const WeightLayout at(c.shape);
    std::vector<double> m(at.size, 0.0);
    std::vector<double> v(at.size, 0.0);
    // Warm-up to half the rate, then 1, 3/4, 1/2 of it.
    const double rates[] = {0.005, 0.01, 0.0075, 0.005};
    for (int k = 0; k < 4; ++k) {
        std::vector<double> gradient;
        session->gradient({handle, &batch, k}, gradient);
        std::vector<double> expected = session->state(handle).weights;
        IterationOutcome outcome;
        const GradientSession::Work work = {handle, &batch, k};
        session->run_iteration({&work, 1}, {&outcome, 1});
        ASSERT_GT(outcome.gradient_norm, c.training.clip);
        for (std::size_t i = 0; i < at.initial_state; ++i) {
            const double g = gradient[i] * c.training.clip / outcome.gradient_norm;
            m[i] = 0.9 * m[i] + 0.1 * g;
            v[i] = 0.999 * v[i] + 0.001 * g * g;
            const double mean = m[i] / (1.0 - std::pow(0.9, k + 1));
            const double root = std::sqrt(v[i] / (1.0 - std::pow(0.999, k + 1)));
            expected[i] -= rates[k] * (mean / (root + 1e-8) + 0.1 * expected[i]);
        }
        const std::vector<double> weights = session->state(handle).weights;
        for (std::size_t i = 0; i < at.size; ++i) {
            // m / sqrt(v) of a tiny gradient turns relative rounding of 1e-15 into as much of 1.
            EXPECT_NEAR(weights[i], expected[i], 1e-13) << "weight " << i << " iteration " << k;
        }
    }
}

TEST(ReferenceOptimiser, SgdWithMomentum) {
    GradientCase c;
    c.name = "sgd";
    c.training.optimizer = Optimizer::sgd;
    c.training.learning_rate = 0.1;
    c.training.momentum = 0.5;
    const auto backend = make_backend("reference", {Precision::fp64, 1, 0});
    const auto session = backend->gradient_session();
    const int handle = session->add(test::gradient_model(c), test::gradient_rule(c), nullptr);
    const TrialBatch batch = test::gradient_batch(c);
    const WeightLayout at(c.shape);
    std::vector<double> velocity(at.size, 0.0);
    for (int k = 0; k < 3; ++k) {
        std::vector<double> gradient;
        session->gradient({handle, &batch, k}, gradient);
        std::vector<double> expected = session->state(handle).weights;
        IterationOutcome outcome;
        const GradientSession::Work work = {handle, &batch, k};
        session->run_iteration({&work, 1}, {&outcome, 1});
        const std::vector<double> weights = session->state(handle).weights;
        for (std::size_t i = 0; i < at.size; ++i) {
            velocity[i] = 0.5 * velocity[i] + gradient[i];
            EXPECT_NEAR(weights[i], expected[i] - 0.1 * velocity[i], 1e-14);
        }
    }
}

}  // namespace
}  // namespace shoal
