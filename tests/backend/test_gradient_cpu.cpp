// SPDX-License-Identifier: MIT
// Gradient training on the cpu backend: gradients and updates of the reference in double, the same
// bits in any company, and networks that diverge.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "backend/backend.hpp"
#include "populations.hpp"

namespace shoal {
namespace {

double normal(std::uint32_t stream, std::size_t i) {
    return standard_normal(
        random_bits({31, 0}, Purpose::test, stream, 0, static_cast<std::uint32_t>(i)));
}

std::vector<double> normals(std::uint32_t stream, std::size_t count, double scale) {
    std::vector<double> values(count);
    for (std::size_t i = 0; i < count; ++i) {
        // Exact in float, so that every precision starts from the same numbers.
        values[i] = static_cast<double>(static_cast<float>(scale * normal(stream, i)));
    }
    return values;
}

struct Learner {
    NetworkModel model;
    GradientRule rule;
    TrialBatch batch;
};

std::size_t count_of(int n) {
    return static_cast<std::size_t>(n);
}

/// A network with random weights and trials with random inputs, targets and masks.
Learner make_learner(const GradientShape& shape, Cell cell, std::uint32_t stream = 100) {
    Learner s;
    const std::size_t units = count_of(shape.units);
    s.model.units = shape.units;
    s.model.inputs = shape.inputs;
    s.model.outputs = shape.outputs;
    s.model.cell = cell;
    s.model.dt = 0.5;
    s.model.gain = 1.25;
    s.model.recurrent =
        dense_matrix(shape.units, normals(stream, units * units, 1.0 / std::sqrt(shape.units)));
    s.model.input = normals(stream + 1, units * count_of(shape.inputs), 0.5);
    s.model.readout =
        normals(stream + 2, units * count_of(shape.outputs), 1.0 / std::sqrt(shape.units));
    s.model.bias = normals(stream + 3, units, 0.1);
    s.model.initial_state = normals(stream + 4, units, 0.3);
    s.rule.shape = shape;
    s.rule.training.method = TrainingMethod::bptt;
    s.rule.training.batch = shape.batch;
    s.rule.training.parts.initial_state = true;
    s.rule.key = {7, stream};
    s.batch.shape = {shape.inputs, shape.outputs, shape.steps};
    s.batch.trials = shape.batch;
    s.batch.first_trial = 3 * shape.batch;
    const std::size_t rows = count_of(shape.steps) * count_of(shape.batch);
    s.batch.inputs = normals(stream + 5, rows * count_of(shape.inputs), 1.0);
    s.batch.targets = normals(stream + 6, rows * count_of(shape.outputs), 1.0);
    s.batch.mask.resize(rows * count_of(shape.outputs));
    for (std::size_t i = 0; i < s.batch.mask.size(); ++i) {
        s.batch.mask[i] = i % 3 != 1;
    }
    return s;
}

/// Targets one-hot, masks equal for all outputs of a step.
void make_classes(Learner& s) {
    s.rule.training.loss = Loss::cross_entropy;
    const std::size_t outputs = count_of(s.rule.shape.outputs);
    for (std::size_t row = 0; row * outputs < s.batch.mask.size(); ++row) {
        for (std::size_t o = 0; o < outputs; ++o) {
            s.batch.mask[row * outputs + o] = row % 3 != 1;
            s.batch.targets[row * outputs + o] = (row * 7 / 3) % outputs == o;
        }
    }
}

/// Weights equal for all outputs of a step.
void make_weighted(Learner& s) {
    const std::size_t outputs = count_of(s.rule.shape.outputs);
    for (std::size_t i = 0; i < s.batch.mask.size(); ++i) {
        s.batch.weights.push_back(0.25 + 0.5 * static_cast<double>(i / outputs % 5));
    }
}

struct Answer {
    IterationOutcome outcome;
    std::vector<double> gradient;
    GradientState after;  ///< one iteration
};

Answer answer_of(Backend& backend, const Learner& s) {
    const auto session = backend.gradient_session();
    const int handle = session->add(s.model, s.rule, nullptr);
    const GradientSession::Work work{handle, &s.batch, 0};
    Answer answer;
    answer.outcome = session->gradient(work, answer.gradient);
    IterationOutcome again;
    session->run_iteration({&work, 1}, {&again, 1});
    EXPECT_EQ(again.loss, answer.outcome.loss);
    EXPECT_EQ(again.gradient_norm, answer.outcome.gradient_norm);
    answer.after = session->state(handle);
    return answer;
}

/// One training iteration against the reference in double. A value passes through steps x (units +
/// inputs) multiply-adds forward and as many backward; errors of a float add up like a random walk
/// or, at worst, are carried on by the recurrence, which neither damps nor amplifies much here
/// (gain 1.25, 12 steps of dt = tau / 2: below a factor 4). tanh in float is exact to 2e-7, 4 eps.
void expect_agreement(const Learner& s, Precision precision, const std::string& what) {
    const auto exact = make_backend("reference", {Precision::fp64, 1, 0});
    const auto tested = make_backend("cpu", {precision, 1, 0});
    const Answer want = answer_of(*exact, s);
    const Answer got = answer_of(*tested, s);
    const double eps = is_single(precision) ? std::numeric_limits<float>::epsilon()
                                            : std::numeric_limits<double>::epsilon();
    const double bound =
        4.0 * eps *
        (4.0 + std::sqrt(static_cast<double>(s.rule.shape.steps *
                                             (s.rule.shape.units + s.rule.shape.inputs))));
    EXPECT_LE(distance(got.gradient, want.gradient), bound) << what;
    EXPECT_NEAR(got.outcome.loss, want.outcome.loss, bound * want.outcome.loss) << what;
    EXPECT_NEAR(got.outcome.penalty, want.outcome.penalty, bound * want.outcome.penalty) << what;
    EXPECT_NEAR(got.outcome.gradient_norm, want.outcome.gradient_norm,
                bound * want.outcome.gradient_norm)
        << what;
    EXPECT_FALSE(got.outcome.diverged) << what;
    EXPECT_LE(distance(got.after.first_moment, want.after.first_moment), bound) << what;
    EXPECT_EQ(got.after.second_moment.size(), want.after.second_moment.size()) << what;
    // The first step of Adam is the gradient's sign, whatever its size: small slopes differ.
    if (s.rule.training.optimizer == Optimizer::sgd) {
        EXPECT_LE(distance(got.after.weights, want.after.weights), bound) << what;
    }
}

class GradientCpu : public ::testing::TestWithParam<Precision> {};

TEST_P(GradientCpu, EverySizeAgreesWithTheReference) {
    for (const int units : {1, 2, 3, 15, 16, 17, 31, 32, 50, 64, 100, 200, 256}) {
        for (const Cell cell : all_values<Cell>) {
            const Learner s = make_learner({units, 3, 2, 6, 3, 0}, cell);
            expect_agreement(s, GetParam(), std::to_string(units) + " units " + name_of(cell));
        }
    }
}

TEST_P(GradientCpu, EveryShapeOfBatchInputsAndOutputs) {
    for (const int batch : {1, 7, 8, 9, 16, 33, 100}) {
        expect_agreement(make_learner({20, 1, 1, 5, batch, 0}, Cell::rate), GetParam(),
                         std::to_string(batch) + " trials");
    }
    for (const int channels : {0, 1, 4, 9, 17}) {
        const auto what = std::to_string(channels) + " channels";
        expect_agreement(make_learner({20, channels, 1 + channels, 12, 5, 0}, Cell::rate),
                         GetParam(), what);
        expect_agreement(make_learner({33, channels, 1 + channels, 12, 5, 0}, Cell::current),
                         GetParam(), what);
    }
    expect_agreement(make_learner({10, 2, 2, 1, 3, 0}, Cell::rate), GetParam(), "one step");
}

TEST_P(GradientCpu, TrialsInSeveralBlocks) {
    // A history of 400 steps x 40 trials is larger than a block of trials may be.
    Learner s = make_learner({5, 2, 2, 400, 40, 0}, Cell::rate);
    s.model.gain = 0.5;  // so that 400 steps amplify nothing
    expect_agreement(s, GetParam(), "400 steps");
}

TEST_P(GradientCpu, EveryOption) {
    for (const Cell cell : all_values<Cell>) {
        for (const int units : {17, 40}) {
            const GradientShape shape{units, 2, 3, 12, 6, 0};
            const Learner plain = make_learner(shape, cell);
            const auto check = [&](const char* what, const auto& change) {
                Learner s = plain;
                change(s);
                expect_agreement(s, GetParam(), std::string(what) + " " + name_of(cell));
                s.rule.training.optimizer = Optimizer::sgd;
                s.rule.training.momentum = 0.5;
                expect_agreement(s, GetParam(), std::string(what) + " by sgd " + name_of(cell));
            };
            check("cross-entropy", [](Learner& s) { make_classes(s); });
            check("weights", [](Learner& s) { make_weighted(s); });
            check("weights and cross-entropy", [](Learner& s) {
                make_classes(s);
                make_weighted(s);
            });
            check("noise", [](Learner& s) { s.rule.training.noise = 0.3; });
            check("l2", [](Learner& s) { s.rule.training.l2 = 0.01; });
            check("rate penalty", [](Learner& s) { s.rule.training.rate_penalty = 2.0; });
            check("clip", [](Learner& s) { s.rule.training.clip = 0.01; });
            check("weight decay", [](Learner& s) { s.rule.training.weight_decay = 0.1; });
            check("dt = tau", [](Learner& s) { s.model.dt = 1.0; });
            check("rank 1", [](Learner& s) { s.rule.shape.rank = 1; });
            check("rank 3", [](Learner& s) {
                s.rule.shape.rank = 3;
                s.rule.training.l2 = 0.01;
            });
            check("recurrent", [](Learner& s) {
                s.rule.training.parts = {true, false, false, false, false};
            });
            check("input", [](Learner& s) {
                s.rule.training.parts = {false, true, false, false, false};
                s.rule.training.l2 = 0.01;
            });
            check("readout", [](Learner& s) {
                s.rule.training.parts = {false, false, true, false, false};
            });
            check("bias", [](Learner& s) {
                s.rule.training.parts = {false, false, false, true, false};
            });
            check("initial state", [](Learner& s) {
                s.rule.training.parts = {false, false, false, false, true};
            });
        }
    }
}

TEST_P(GradientCpu, AdamFollowsTheReference) {
    // Twenty iterations with a large epsilon, so that the update is smooth in the gradient: the
    // weights move by about 20 x rate, and differ by rounding of the gradients times that.
    Learner s = make_learner({24, 2, 2, 10, 8, 0}, Cell::rate);
    s.rule.training.epsilon = 0.1;
    s.rule.training.learning_rate = 0.05;
    s.rule.training.iterations = 20;
    s.rule.training.schedule = RateSchedule::cosine;
    s.rule.training.warmup = 3;
    s.rule.training.weight_decay = 0.01;
    const auto trained = [&](Backend& backend) {
        const auto session = backend.gradient_session();
        const int handle = session->add(s.model, s.rule, nullptr);
        for (int k = 0; k < 20; ++k) {
            const GradientSession::Work work{handle, &s.batch, k};
            IterationOutcome outcome;
            session->run_iteration({&work, 1}, {&outcome, 1});
        }
        return session->state(handle);
    };
    const GradientState want = trained(*make_backend("reference", {Precision::fp64, 1, 0}));
    const GradientState got = trained(*make_backend("cpu", {GetParam(), 1, 0}));
    const double eps = is_single(GetParam()) ? std::numeric_limits<float>::epsilon()
                                             : std::numeric_limits<double>::epsilon();
    EXPECT_LE(distance(got.weights, want.weights), 20 * 4 * eps);
    EXPECT_LE(distance(got.first_moment, want.first_moment), 1000 * eps);
    EXPECT_LE(distance(got.second_moment, want.second_moment), 1000 * eps);
}

bool same(const GradientState& a, const GradientState& b) {
    return a.weights == b.weights && a.first_moment == b.first_moment &&
           a.second_moment == b.second_moment;
}

Learner member(int i) {
    constexpr int sizes[] = {1, 17, 32, 33, 50, 64, 100};
    const int units = sizes[i % 7];
    Learner s = make_learner(
        {units, 1 + i % 3, 1 + i % 2, 6 + i % 4, 3 + i % 15, i % 5 == 3 ? 2 : 0},
        i % 3 == 0 ? Cell::current : Cell::rate, 1000 + 10 * static_cast<std::uint32_t>(i));
    s.rule.training.noise = i % 4 == 1 ? 0.2 : 0.0;
    s.rule.training.clip = i % 4 == 2 ? 0.1 : 0.0;
    s.rule.training.optimizer = i % 6 == 5 ? Optimizer::sgd : Optimizer::adam;
    return s;
}

constexpr int iterations = 3;

/// Trains networks first ... end - 1 together.
std::vector<GradientState> train_together(Backend& backend, int first, int end) {
    const auto session = backend.gradient_session();
    std::vector<Learner> learners;
    std::vector<GradientSession::Work> work;
    for (int i = first; i < end; ++i) {
        learners.push_back(member(i));
        work.push_back({session->add(learners.back().model, learners.back().rule, nullptr)});
    }
    std::vector<IterationOutcome> outcomes(work.size());
    for (int k = 0; k < iterations; ++k) {
        for (std::size_t i = 0; i < work.size(); ++i) {
            work[i].batch = &learners[i].batch;
            work[i].iteration = k;
        }
        session->run_iteration(work, outcomes);
    }
    std::vector<GradientState> states;
    for (const auto& one : work) {
        states.push_back(session->state(one.handle));
    }
    return states;
}

TEST_P(GradientCpu, SameBitsAloneAndInAnyCompany) {
    std::vector<GradientState> alone;
    const auto one_thread = make_backend("cpu", {GetParam(), 1, 0});
    for (int i = 0; i < 64; ++i) {
        alone.push_back(train_together(*one_thread, i, i + 1).front());
    }
    for (const int threads : {1, 2, 3}) {
        const auto backend = make_backend("cpu", {GetParam(), threads, 0});
        for (const int company : {7, 64}) {
            const auto together = train_together(*backend, 0, company);
            for (std::size_t i = 0; i < together.size(); ++i) {
                EXPECT_TRUE(same(together[i], alone[i]))
                    << i << " of " << company << ", " << threads << " threads";
            }
        }
    }
}

TEST_P(GradientCpu, SameBitsWhenNetworksShareABatch) {
    // Two shapes and two losses take turns on one batch, whose contents change between iterations.
    const auto backend = make_backend("cpu", {GetParam(), 1, 0});
    Learner first = make_learner({20, 2, 3, 8, 11, 0}, Cell::rate);
    make_classes(first);
    const Learner other = make_learner({20, 2, 3, 8, 11, 0}, Cell::rate, 900);
    const auto session = backend->gradient_session();
    std::vector<Learner> learners;
    std::vector<GradientSession::Work> work;
    for (int i = 0; i < 8; ++i) {
        Learner s = make_learner({i % 4 < 2 ? 20 : 33, 2, 3, 8, 11, 0}, Cell::rate);
        s.rule.training.loss = i % 2 == 0 ? Loss::mse : Loss::cross_entropy;
        work.push_back({session->add(s.model, s.rule, nullptr), &first.batch, 0});
        learners.push_back(s);
    }
    std::vector<IterationOutcome> outcomes(work.size());
    session->run_iteration(work, outcomes);
    const TrialBatch before = first.batch;
    first.batch.inputs = other.batch.inputs;
    session->run_iteration(work, outcomes);
    for (std::size_t i = 0; i < learners.size(); ++i) {
        const auto alone = backend->gradient_session();
        const int handle = alone->add(learners[i].model, learners[i].rule, nullptr);
        const GradientSession::Work work_before{handle, &before, 0};
        const GradientSession::Work work_after{handle, &first.batch, 0};
        IterationOutcome outcome;
        alone->run_iteration({&work_before, 1}, {&outcome, 1});
        alone->run_iteration({&work_after, 1}, {&outcome, 1});
        EXPECT_TRUE(same(alone->state(handle), session->state(work[i].handle))) << i;
    }
}

TEST_P(GradientCpu, SameBitsAcrossSaveAndRestore) {
    const auto backend = make_backend("cpu", {GetParam(), 1, 0});
    for (int i = 0; i < 12; ++i) {
        const Learner s = member(i);
        const auto session = backend->gradient_session();
        const int straight = session->add(s.model, s.rule, nullptr);
        IterationOutcome outcome;
        GradientState saved;
        for (int k = 0; k < 4; ++k) {
            saved = k == 2 ? session->state(straight) : saved;
            const GradientSession::Work work{straight, &s.batch, k};
            session->run_iteration({&work, 1}, {&outcome, 1});
        }
        const int resumed = session->add(s.model, s.rule, &saved);
        EXPECT_TRUE(same(session->state(resumed), saved)) << i;
        for (int k = 2; k < 4; ++k) {
            const GradientSession::Work work{resumed, &s.batch, k};
            session->run_iteration({&work, 1}, {&outcome, 1});
        }
        EXPECT_TRUE(same(session->state(resumed), session->state(straight))) << i;
    }
}

TEST_P(GradientCpu, ABatchWithoutAnErrorHasLossZero) {
    for (const Loss loss : {Loss::mse, Loss::cross_entropy}) {
        Learner s = make_learner({12, 2, 3, 5, 4, 0}, Cell::rate);
        s.rule.training.loss = loss;
        s.rule.training.l2 = 0.01;
        std::fill(s.batch.mask.begin(), s.batch.mask.end(), std::uint8_t{0});
        std::fill(s.batch.targets.begin(), s.batch.targets.end(), 0.0);
        for (const char* name : {"reference", "cpu"}) {
            const Answer answer = answer_of(*make_backend(name, {GetParam(), 1, 0}), s);
            EXPECT_EQ(answer.outcome.loss, 0.0) << name;
            EXPECT_GT(answer.outcome.penalty, 0.0) << name;
            EXPECT_GT(answer.outcome.gradient_norm, 0.0) << name;
            EXPECT_FALSE(answer.outcome.diverged) << name;
        }
    }
}

TEST_P(GradientCpu, ADivergedNetworkKeepsItsWeightsAndHarmsNobody) {
    const auto backend = make_backend("cpu", {GetParam(), 1, 0});
    const Learner good = member(1);
    std::vector<Learner> bad;
    for (const double huge : {1e6, 1e300, std::nan("")}) {
        Learner s = make_learner({33, 2, 2, 8, 9, 0}, Cell::current);
        s.batch.inputs[5] = huge;
        bad.push_back(s);
    }
    bad.push_back(make_learner({33, 2, 2, 8, 9, 0}, Cell::rate));
    bad.back().batch.targets[0] = std::numeric_limits<double>::infinity();
    bad.back().batch.mask[0] = 1;

    const auto session = backend->gradient_session();
    std::vector<GradientSession::Work> work;
    for (const Learner& s : bad) {
        work.push_back({session->add(s.model, s.rule, nullptr), &s.batch, 0});
    }
    work.push_back({session->add(good.model, good.rule, nullptr), &good.batch, 0});
    std::vector<GradientState> before;
    for (const auto& one : work) {
        before.push_back(session->state(one.handle));
    }
    std::vector<IterationOutcome> outcomes(work.size());
    session->run_iteration(work, outcomes);

    for (std::size_t i = 0; i < bad.size(); ++i) {
        EXPECT_TRUE(outcomes[i].diverged) << i;
        EXPECT_TRUE(same(session->state(work[i].handle), before[i])) << i;
    }
    EXPECT_FALSE(outcomes.back().diverged);
    const auto alone = backend->gradient_session();
    GradientSession::Work one{alone->add(good.model, good.rule, nullptr), &good.batch, 0};
    alone->run_iteration({&one, 1}, {outcomes.data(), 1});
    EXPECT_TRUE(same(alone->state(one.handle), session->state(work.back().handle)));
}

INSTANTIATE_TEST_SUITE_P(All, GradientCpu, ::testing::Values(Precision::fp32, Precision::fp64),
                         [](const auto& precision) { return name_of(precision.param); });

}  // namespace
}  // namespace shoal
