// SPDX-License-Identifier: MIT
// bench bptt: optimiser iterations of a whole population. Rate cells with dt = tau / 5, 3 inputs, 2
// outputs, an error at every step, Adam; all networks see the same random trials.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <vector>

#include "backend/gradient.hpp"
#include "cli/bench.hpp"
#include "core/error.hpp"
#include "core/random.hpp"
#include "core/text.hpp"
#include "model/network.hpp"

namespace shoal {
namespace {

constexpr int bench_inputs = 3;
constexpr int bench_outputs = 2;

struct BpttCase {
    int networks;
    int units;
    int trials;
    int steps;
};

std::vector<BpttCase> bptt_cases(const std::string& backend) {
    if (backend == "cuda") {
        return {{4096, 64, 32, 100}, {4096, 128, 64, 100}, {1024, 256, 64, 100}};
    }
    if (backend == "reference") {
        return {{8, 64, 32, 100}};
    }
    return {{256, 32, 32, 100}, {64, 64, 32, 100}, {64, 128, 32, 100}, {16, 256, 64, 100}};
}

GradientRule rule_of(const BpttCase& sizes) {
    GradientRule rule;
    rule.shape = {sizes.units, bench_inputs, bench_outputs, sizes.steps, sizes.trials, 0};
    rule.training.method = TrainingMethod::bptt;
    rule.training.iterations = 1'000'000;
    rule.training.batch = sizes.trials;
    return rule;
}

/// Standard normal inputs; targets of half that size.
TrialBatch random_batch(const GradientShape& shape) {
    TrialBatch batch;
    batch.shape = {shape.inputs, shape.outputs, shape.steps};
    batch.trials = shape.batch;
    const std::size_t rows =
        static_cast<std::size_t>(shape.steps) * static_cast<std::size_t>(shape.batch);
    const auto fill = [&](std::vector<double>& values, std::size_t width, std::uint32_t trial,
                          double scale) {
        values.resize(rows * width);
        for (std::size_t i = 0; i < values.size(); ++i) {
            values[i] = scale * standard_normal(random_bits({1, 0}, Purpose::bench, trial, 0,
                                                            static_cast<std::uint32_t>(i)));
        }
    };
    fill(batch.inputs, static_cast<std::size_t>(shape.inputs), 0, 1.0);
    fill(batch.targets, static_cast<std::size_t>(shape.outputs), 1, 0.5);
    batch.mask.assign(batch.targets.size(), 1);
    return batch;
}

NetworkModel model_of(const BpttCase& sizes, int network, NetworkFactory& factory) {
    NetworkSpec spec;
    spec.replicate = static_cast<std::uint32_t>(network);
    spec.network.units = sizes.units;
    spec.network.cell = Cell::rate;
    spec.network.dt = 0.2;
    spec.network.density = 1.0;
    spec.network.input_scale = 0.5;
    spec.training.method = TrainingMethod::bptt;
    return factory.make(spec, bench_inputs, bench_outputs);
}

/// Largest relative difference, in the 2-norm, of the gradients of W, W_in, b and W_out from those
/// of the reference in fp64, over a few steps of one network of this shape. The gradient is that of
/// an iteration as it is timed: Adam's first moment after one is (1 - beta1) of it.
double gradient_difference(BpttCase sizes, Backend& backend) {
    sizes.steps = std::min(sizes.steps, 10);
    const GradientRule rule = rule_of(sizes);
    const TrialBatch batch = random_batch(rule.shape);
    NetworkFactory factory;
    const NetworkModel model = model_of(sizes, 0, factory);
    const auto reference = make_backend("reference", {Precision::fp64, 1, 0});
    std::vector<GradientState> states;
    for (Backend* which : {reference.get(), &backend}) {
        const auto session = which->gradient_session();
        const GradientSession::Work work{session->add(model, rule, nullptr), &batch, 0};
        IterationOutcome outcome;
        session->run_iteration({&work, 1}, {&outcome, 1});
        states.push_back(session->state(work.handle));
    }
    const WeightLayout at(rule.shape);
    const std::array<std::size_t, 5> ends = {0, at.input, at.bias, at.readout, at.initial_state};
    double largest = 0.0;
    for (std::size_t part = 0; part + 1 < ends.size(); ++part) {
        double difference = 0.0;
        double size = 0.0;
        for (std::size_t i = ends[part]; i < ends[part + 1]; ++i) {
            difference += std::pow(states[1].first_moment[i] - states[0].first_moment[i], 2);
            size += std::pow(states[0].first_moment[i], 2);
        }
        largest = std::fmax(largest, std::sqrt(difference / size));
        if (std::isnan(difference)) {
            return difference;
        }
    }
    return largest;
}

/// Forward and backward over t steps pass 2 t products in turn; none amplifies (the step's Jacobian
/// has an RMS gain of 0.84), so their errors add at most. A product of rounded operands has a
/// relative error of 2 units of that rounding, whatever its length, as the errors of its terms are
/// independent; its sum in working precision, and the sum over trials and steps of the weight
/// gradient, add a unit of that precision per term at most. A missing term would be of order 1.
double difference_bound(const BpttCase& sizes, Precision precision) {
    const int steps = std::min(sizes.steps, 10);
    const double unit = precision == Precision::fp64 ? 0x1p-53 : 0x1p-24;
    const double operand = precision == Precision::tf32   ? 0x1p-11
                           : precision == Precision::bf16 ? 0x1p-8
                                                          : 0.0;
    return 2.0 * steps * (2.0 * operand + unit * (sizes.units + steps * sizes.trials));
}

double require_agreement(const BpttCase& sizes, Backend& backend) {
    const double difference = gradient_difference(sizes, backend);
    const double bound = difference_bound(sizes, backend.precision());
    if (!(difference <= bound)) {
        throw Error(ExitCode::failure,
                    fmt::format("bench: the gradient of backend {} does not agree with the "
                                "reference (relative difference {:.1e}, bound {:.1e}); it is not "
                                "timed",
                                backend.name(), difference, bound));
    }
    return difference;
}

nlohmann::ordered_json run_bptt(const BpttCase& sizes, const BenchOptions& options,
                                Backend& backend) {
    const double difference = require_agreement(sizes, backend);
    const GradientRule rule = rule_of(sizes);
    const TrialBatch batch = random_batch(rule.shape);
    const auto session = backend.gradient_session();
    std::vector<GradientSession::Work> work;
    NetworkFactory factory;
    for (int m = 0; m < sizes.networks; ++m) {
        work.push_back({session->add(model_of(sizes, m, factory), rule, nullptr), &batch, 0});
    }
    std::vector<IterationOutcome> outcomes(work.size());
    const Timing timing = time_repeats(0, options.seconds, [&] {
        session->run_iteration(work, outcomes);
        for (GradientSession::Work& one : work) {
            ++one.iteration;
        }
    });
    if (std::any_of(outcomes.begin(), outcomes.end(), [](const auto& o) { return o.diverged; })) {
        throw Error(ExitCode::failure, "bench: a network diverged; its time means nothing");
    }

    // Operations: three products of N x N with every trial and step. Least bytes: weights, both
    // moments and the gradient read and written once, inputs, targets and mask read once;
    // everything else can stay on chip.
    const double n = sizes.units;
    const double rows = static_cast<double>(sizes.trials) * sizes.steps;
    const double operations = 6.0 * n * n * rows * sizes.networks;
    const double number = is_single(backend.precision()) ? 4 : 8;
    const double trained = n * n + n * (bench_inputs + 1 + bench_outputs);
    const double bytes = 8.0 * number * trained * sizes.networks +
                         rows * (number * (bench_inputs + bench_outputs) + bench_outputs);
    nlohmann::ordered_json result = {{"case", "bptt"},
                                     {"units", sizes.units},
                                     {"networks", sizes.networks},
                                     {"trials", sizes.trials},
                                     {"steps", sizes.steps}};
    add_facts(result, backend);
    add_times(result, timing, "iterations");
    result["iterations_per_s"] = 1.0 / timing.median();
    result["network_iterations_per_s"] = sizes.networks / timing.median();
    add_rates(result, backend, operations, bytes, timing);
    result["gradient_difference"] = difference;
    return result;
}

}  // namespace

void bench_bptt(const BenchOptions& options) {
    const int given = (options.units > 0) + (options.networks > 0) + (options.trials > 0);
    if (given != 0 && given != 3) {
        throw usage_error(
            "bench bptt: give --units, --networks and --trials together, or none of them");
    }
    const auto backend = open_backend(options.compute, Precision::fp32);
    std::vector<BpttCase> cases = {
        {options.networks, options.units, options.trials, options.steps}};
    if (given == 0) {
        cases = bptt_cases(backend->name());
        for (BpttCase& one : cases) {
            one.steps = options.steps;
        }
    }
    if (!options.json) {
        fmt::print("BPTT, rate cells, Adam, backend {} ({}), {}, {} thread(s)\n", backend->name(),
                   backend->instruction_set(), name_of(backend->precision()), backend->threads());
        fmt::print("{:>6} {:>9} {:>7} {:>6} {:>14} {:>15} {:>9} {:>10} {:>9}\n", "units",
                   "networks", "trials", "steps", "s / iteration", "iterations / s", "Gflop/s",
                   "peak", "of floor");
    }
    for (const BpttCase& sizes : cases) {
        const auto result = run_bptt(sizes, options, *backend);
        if (options.json) {
            fmt::print("{}\n", result.dump());
        } else {
            fmt::print("{:>6} {:>9} {:>7} {:>6} {:>14.4f} {:>15} {:>9.1f} {:>10.1f} {:>7.0f} %\n",
                       sizes.units, sizes.networks, sizes.trials, sizes.steps,
                       double(result["seconds"]), three_digits(double(result["iterations_per_s"])),
                       double(result["gflops"]), double(result["peak_gflops"]),
                       100 * double(result["fraction"]));
        }
        std::fflush(stdout);
    }
}

}  // namespace shoal
