// SPDX-License-Identifier: MIT
// Gradient training on the cuda backend against the reference in double, at sizes around warps,
// tiles and routes, in every arithmetic and with every option.
#include "emu/gradient_support.hpp"

namespace shoal {
namespace {

constexpr Precision precisions[] = {Precision::fp32, Precision::tf32, Precision::bf16};

/// Both cells, and the initial state trained with everything else.
void expect_both_cells_agree(GradientCase c, Precision precision) {
    c.training.parts.initial_state = true;
    for (const Cell cell : all_values<Cell>) {
        SCOPED_TRACE(name_of(cell));
        c.cell = cell;
        expect_gradient_agrees(c, precision);
    }
}

GradientCase sized(int units) {
    GradientCase c;
    c.units = units;
    c.batch = units < 64 ? 5 : 3;
    c.steps = units < 64 ? 7 : units < 512 ? 4 : 2;
    return c;
}

struct Option {
    const char* name;
    void (*set)(GradientCase&);
};
constexpr Option options[] = {
    {"cross_entropy", [](GradientCase& c) { c.training.loss = Loss::cross_entropy; }},
    {"weighted", [](GradientCase& c) { c.weighted = true; }},
    {"weighted_cross_entropy",
     [](GradientCase& c) {
         c.weighted = true;
         c.training.loss = Loss::cross_entropy;
     }},
    {"l2", [](GradientCase& c) { c.training.l2 = 0.01; }},
    {"rate_penalty", [](GradientCase& c) { c.training.rate_penalty = 0.5; }},
    {"noise", [](GradientCase& c) { c.training.noise = 0.3; }},
    {"dt_is_tau", [](GradientCase& c) { c.step = 1.0; }},
    {"rank", [](GradientCase& c) { c.rank = 2; }},
    {"rank_l2_and_fixed_parts",
     [](GradientCase& c) {
         c.rank = 3;
         c.training.l2 = 0.01;
         c.training.parts.input = c.training.parts.bias = false;
     }},
    {"recurrent_fixed", [](GradientCase& c) { c.training.parts.recurrent = false; }},
    {"readout_fixed", [](GradientCase& c) { c.training.parts.readout = false; }},
    {"three_tiles_of_trials", [](GradientCase& c) { c.batch = 67; }},
    {"many_outputs", [](GradientCase& c) { c.outputs = 19; }},
    {"sixteen_outputs", [](GradientCase& c) { c.outputs = 16; }},
    {"many_inputs", [](GradientCase& c) { c.inputs = 40; }},
    {"one_input_one_output", [](GradientCase& c) { c.inputs = c.outputs = 1; }},
    {"no_inputs", [](GradientCase& c) { c.inputs = 0; }},
};

/// Three iterations in a session; every option of the optimisers is on.
GradientState train(Backend& backend, const GradientCase& c) {
    const auto session = backend.gradient_session();
    const int handle = session->add(c.model(), c.rule(), nullptr);
    for (int i = 0; i < 3; ++i) {
        const TrialBatch batch = c.trials(std::int64_t{i} * c.batch);
        const GradientSession::Work work{handle, &batch, i};
        IterationOutcome outcome;
        session->run_iteration({&work, 1}, {&outcome, 1});
        EXPECT_FALSE(outcome.diverged);
    }
    return session->state(handle);
}

/// Adam's epsilon is of the size of the gradients, so that a step is about as exact as they are; a
/// weight moves by 3 x 0.05 at most, and what is compared is the way it went.
void expect_training_agrees(GradientCase c, Precision precision) {
    c.training.learning_rate = 0.05;
    c.training.iterations = 3;
    c.training.warmup = 1;
    c.training.schedule = RateSchedule::cosine;
    c.training.epsilon = 0.1;
    c.training.momentum = 0.9;
    c.training.weight_decay = 0.1;
    c.training.clip = 0.05;
    const auto want = train(*exact_backend(), c);
    const auto got = train(*cuda_backend(precision), c);
    const auto start = initial_weights(c.model(), c.rule());
    std::vector<double> wanted_way = want.weights;
    std::vector<double> way = got.weights;
    for (std::size_t i = 0; i < start.size(); ++i) {
        wanted_way[i] -= start[i];
        way[i] -= start[i];
    }
    const double bound = 4 * gradient_bound(c, precision);
    EXPECT_LE(distance(way, wanted_way), bound);
    EXPECT_LE(distance(got.first_moment, want.first_moment), bound);
    EXPECT_EQ(got.second_moment.size(), want.second_moment.size());
    EXPECT_LE(distance(got.second_moment, want.second_moment), 2 * bound);
}

const bool registered = [] {
    for (const Precision precision : precisions) {
        const std::string suffix = std::string("_") + name_of(precision);
        for (const int units : {1, 2, 17, 32, 64, 65, 100, 128, 129, 200, 256, 513}) {
            add_test("gradient", size_name(units) + suffix,
                     [=] { expect_both_cells_agree(sized(units), precision); });
        }
        // Where blocks have 99 KB: states in device memory; few trials at a time.
        for (const int units : {128, 700}) {
            add_test("gradient", "small_card_" + size_name(units) + suffix, [=] {
                const Environment card("SHOAL_EMULATED_DEVICE", "89");
                expect_both_cells_agree(sized(units), precision);
            });
        }
        for (const Option& option : options) {
            for (const int units : {20, 140}) {  // on either route
                add_test("gradient", option.name + ("_" + size_name(units)) + suffix, [=] {
                    GradientCase c = sized(units);
                    option.set(c);
                    expect_both_cells_agree(c, precision);
                });
            }
        }
        for (const Optimizer optimizer : {Optimizer::adam, Optimizer::sgd}) {
            for (const int rank : {0, 2}) {
                add_test("gradient_training",
                         std::string(name_of(optimizer)) + (rank > 0 ? "_rank" : "") + suffix, [=] {
                             GradientCase c = sized(20);
                             c.training.optimizer = optimizer;
                             c.rank = rank;
                             expect_training_agrees(c, precision);
                         });
            }
        }
    }
    return true;
}();

}  // namespace
}  // namespace shoal
