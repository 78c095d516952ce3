// SPDX-License-Identifier: MIT
// Gradient training on the cuda backend: the same bits alone or in company, in any order, under any
// schedule, across save and resume, whatever memory there is for history; a network that diverges
// harms nobody.
#include "core/error.hpp"
#include "emu/gradient_support.hpp"
#include "launch/gradient_policy.hpp"
#include "runtime_emulated.hpp"

namespace shoal {
namespace {

constexpr Precision precisions[] = {Precision::fp32, Precision::tf32, Precision::bf16};

struct Trained {
    GradientState state;
    std::vector<IterationOutcome> outcomes;
};

bool same_bits(const Trained& a, const Trained& b) {
    bool same =
        a.state.weights == b.state.weights && a.state.first_moment == b.state.first_moment &&
        a.state.second_moment == b.state.second_moment && a.outcomes.size() == b.outcomes.size();
    for (std::size_t i = 0; same && i < a.outcomes.size(); ++i) {
        same = a.outcomes[i].loss == b.outcomes[i].loss &&
               a.outcomes[i].penalty == b.outcomes[i].penalty &&
               a.outcomes[i].gradient_norm == b.outcomes[i].gradient_norm &&
               a.outcomes[i].diverged == b.outcomes[i].diverged;
    }
    return same;
}

/// Iterations [first, last) of all cases in one session.
std::vector<Trained> train(Precision precision, const std::vector<GradientCase>& cases, int first,
                           int last, const std::vector<Trained>* from = nullptr) {
    const auto backend = cuda_backend(precision);
    const auto session = backend->gradient_session();
    std::vector<Trained> trained(cases.size());
    std::vector<int> handles;
    for (std::size_t i = 0; i < cases.size(); ++i) {
        handles.push_back(session->add(cases[i].model(), cases[i].rule(),
                                       from != nullptr ? &(*from)[i].state : nullptr));
    }
    for (int iteration = first; iteration < last; ++iteration) {
        std::vector<TrialBatch> batches;
        std::vector<GradientSession::Work> work;
        std::vector<IterationOutcome> outcomes(cases.size());
        for (const GradientCase& c : cases) {
            batches.push_back(c.trials(std::int64_t{iteration} * c.batch));
        }
        for (std::size_t i = 0; i < cases.size(); ++i) {
            work.push_back({handles[i], &batches[i], iteration});
        }
        session->run_iteration(work, outcomes);
        for (std::size_t i = 0; i < cases.size(); ++i) {
            trained[i].outcomes.push_back(outcomes[i]);
        }
    }
    for (std::size_t i = 0; i < cases.size(); ++i) {
        trained[i].state = session->state(handles[i]);
    }
    return trained;
}

/// Sizes, cells, batches and lengths that share launches and that do not.
std::vector<GradientCase> mixed() {
    std::vector<GradientCase> cases;
    for (const int units : {3, 40, 17, 64, 70, 140, 130, 20}) {
        GradientCase c;
        c.units = units;
        c.replicate = static_cast<std::uint32_t>(units);
        c.cell = units % 20 == 0 ? Cell::current : Cell::rate;
        c.batch = units == 40 ? 35 : 4;
        c.steps = units == 20 ? 5 : 3;
        c.inputs = 1 + units % 3;
        c.training.rate_penalty = 0.1;
        c.training.parts.initial_state = true;
        cases.push_back(c);
    }
    return cases;
}

void expect_company_does_not_matter(Precision precision) {
    const auto cases = mixed();
    const auto together = train(precision, cases, 0, 2);
    for (std::size_t i = 0; i < cases.size(); ++i) {
        SCOPED_TRACE(cases[i].units);
        EXPECT_TRUE(same_bits(train(precision, {cases[i]}, 0, 2)[0], together[i]));
    }
    std::vector<GradientCase> reversed(cases.rbegin(), cases.rend());
    const auto backwards = train(precision, reversed, 0, 2);
    for (std::size_t i = 0; i < cases.size(); ++i) {
        EXPECT_TRUE(same_bits(backwards[cases.size() - 1 - i], together[i])) << cases[i].units;
    }
}

void expect_schedules_do_not_matter(Precision precision) {
    const auto cases = mixed();
    const auto in_turn = train(precision, cases, 0, 1);
    for (const char* seed : {"1", "2"}) {
        const Environment schedule("SHOAL_EMULATED_SCHEDULE", seed);
        const auto shuffled = train(precision, cases, 0, 1);
        for (std::size_t i = 0; i < cases.size(); ++i) {
            EXPECT_TRUE(same_bits(shuffled[i], in_turn[i])) << cases[i].units;
        }
    }
    const Environment back("SHOAL_EMULATED_SCHEDULE", "0");
    train(precision, {cases[0]}, 0, 1);
}

void expect_resume_does_not_matter(Precision precision) {
    auto cases = mixed();
    cases[0].training.optimizer = Optimizer::sgd;
    cases[0].training.momentum = 0.9;
    cases[2].rank = 2;
    const auto straight = train(precision, cases, 0, 4);
    const auto before = train(precision, cases, 0, 2);
    const auto after = train(precision, cases, 2, 4, &before);
    for (std::size_t i = 0; i < cases.size(); ++i) {
        EXPECT_EQ(straight[i].state.weights, after[i].state.weights) << cases[i].units;
        EXPECT_EQ(straight[i].state.first_moment, after[i].state.first_moment);
        EXPECT_EQ(straight[i].state.second_moment, after[i].state.second_moment);
    }
}

/// The same network with memory for all of its history, and for a part of it.
void expect_segments_do_not_matter(Precision precision, int units) {
    for (const Cell cell : all_values<Cell>) {
        GradientCase c;
        c.units = units;
        c.cell = cell;
        c.steps = units < 128 ? 45 : 20;
        c.batch = 3;
        c.training.rate_penalty = 0.1;
        c.training.noise = 0.1;
        c.training.parts.initial_state = true;
        const auto whole = train(precision, {c}, 0, 2);
        const Environment memory("SHOAL_EMULATED_MEMORY",
                                 std::to_string(units < 128 ? 60 << 20 : 300 << 20));
        const auto policy =
            cuda::gradient_policy(c.rule().shape, precision, emu::emulated_limits());
        ASSERT_LT(policy.segment_steps, c.steps / 2);
        EXPECT_TRUE(same_bits(train(precision, {c}, 0, 2)[0], whole[0])) << policy.segment_steps;
    }
}

void expect_divergence_stays_at_home(Precision precision) {
    auto cases = mixed();
    cases.resize(4);
    const auto fine = train(precision, cases, 0, 2);
    cases[1].gain = 1e6;  // a current cell: its state leaves the range at once
    ASSERT_EQ(cases[1].cell, Cell::current);
    const auto trained = train(precision, cases, 0, 2);
    for (const std::size_t i : {0u, 2u, 3u}) {
        EXPECT_TRUE(same_bits(trained[i], fine[i])) << cases[i].units;
    }
    EXPECT_TRUE(trained[1].outcomes[0].diverged);
    const auto start = initial_weights(cases[1].model(), cases[1].rule());
    const std::vector<float> narrow(start.begin(), start.end());
    EXPECT_EQ(trained[1].state.weights, std::vector<double>(narrow.begin(), narrow.end()));
    EXPECT_EQ(trained[1].state.first_moment, std::vector<double>(start.size(), 0.0));
}

/// gradient() says what run_iteration() would, and changes nothing.
void expect_gradient_changes_nothing(Precision precision) {
    const auto backend = cuda_backend(precision);
    const auto session = backend->gradient_session();
    const GradientCase c = mixed()[1];
    const int handle = session->add(c.model(), c.rule(), nullptr);
    const auto before = session->state(handle);
    const TrialBatch batch = c.trials();
    const GradientSession::Work work{handle, &batch, 0};
    std::vector<double> gradient;
    const IterationOutcome asked = session->gradient(work, gradient);
    EXPECT_EQ(session->state(handle).weights, before.weights);
    IterationOutcome done;
    session->run_iteration({&work, 1}, {&done, 1});
    EXPECT_EQ(asked.loss, done.loss);
    EXPECT_EQ(asked.penalty, done.penalty);
    EXPECT_EQ(asked.gradient_norm, done.gradient_norm);
    const auto after = session->state(handle);
    EXPECT_NE(after.weights, before.weights);
    for (std::size_t i = 0; i < gradient.size(); ++i) {  // Adam's first m is (1 - beta1) g
        const auto first = static_cast<float>(1.0 - c.training.beta1);
        ASSERT_EQ(after.first_moment[i],
                  static_cast<double>(first * static_cast<float>(gradient[i])));
    }
}

TEST(gradient_company, fp64_and_giants_are_refused) {
    EXPECT_THROW(cuda_backend(Precision::fp64)->gradient_session(), Error);
    GradientCase c;
    c.units = 8000;
    EXPECT_THROW(cuda::gradient_policy(c.rule().shape, Precision::fp32, cuda::typical_limits(89)),
                 Error);
}

TEST(gradient_company, a_batch_without_an_error_has_loss_zero) {
    for (const Loss loss : {Loss::mse, Loss::cross_entropy}) {
        GradientCase c;
        c.training.loss = loss;
        TrialBatch batch = c.trials();
        std::fill(batch.mask.begin(), batch.mask.end(), std::uint8_t{0});
        std::fill(batch.targets.begin(), batch.targets.end(), 0.0);
        const auto backend = cuda_backend();
        const auto session = backend->gradient_session();
        const GradientSession::Work work{session->add(c.model(), c.rule(), nullptr), &batch, 0};
        IterationOutcome outcome;
        session->run_iteration({&work, 1}, {&outcome, 1});
        EXPECT_EQ(outcome.loss, 0.0);
        EXPECT_EQ(outcome.gradient_norm, 0.0);
        EXPECT_FALSE(outcome.diverged);
    }
}

TEST(gradient_company, handles_are_given_out_again) {
    const auto backend = cuda_backend();
    const auto session = backend->gradient_session();
    const auto cases = mixed();
    const int first = session->add(cases[0].model(), cases[0].rule(), nullptr);
    session->add(cases[1].model(), cases[1].rule(), nullptr);
    session->remove(first);
    EXPECT_EQ(session->add(cases[2].model(), cases[2].rule(), nullptr), first);
    EXPECT_EQ(session->state(first).weights.size(), WeightLayout(cases[2].rule().shape).size);
}

const bool registered = [] {
    for (const Precision precision : precisions) {
        const auto add = [&](const std::string& name, void (*body)(Precision)) {
            add_test("gradient_company", name + "_" + name_of(precision), [=] { body(precision); });
        };
        add("alone_or_together", expect_company_does_not_matter);
        add("schedules", expect_schedules_do_not_matter);
        add("resume", expect_resume_does_not_matter);
        add("divergence", expect_divergence_stays_at_home);
        add("gradient_changes_nothing", expect_gradient_changes_nothing);
        add("segments_n20", [](Precision p) { expect_segments_do_not_matter(p, 20); });
        add("segments_n140", [](Precision p) { expect_segments_do_not_matter(p, 140); });
    }
    return true;
}();

}  // namespace
}  // namespace shoal
