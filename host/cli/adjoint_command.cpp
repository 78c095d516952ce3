// SPDX-License-Identifier: MIT
// adjoint: learning signals of any networks.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>

#include "analysis/dynamics/adjoint.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/series.hpp"
#include "cli/weights_order.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "records/time_axes.hpp"
#include "store/adjoint_file.hpp"

namespace shoal {
namespace {

struct AdjointOptions {
    std::string weights;
    std::string inputs;
    std::string order;
    std::string out;
    int steps = 0;
    std::optional<int> exponents;
    int threads = 0;
};

constexpr int default_exponents = 3;

/// Trials and steps of the run, its inputs if there are any.
InputsFile runs_of(const AdjointOptions& options, const WeightsFile& weights) {
    InputsFile runs = series_for(weights, options.weights, options.inputs, order_of(options.order));
    if (runs.steps > 0) {
        if (options.steps > 0 && options.steps != runs.steps) {
            throw usage_error(fmt::format("--steps {}: the inputs have {} steps; leave it out",
                                          options.steps, runs.steps));
        }
        return runs;
    }
    if (options.steps == 0) {
        throw usage_error(fmt::format(
            "{} has no `inputs`; give --steps T, the length of the run, or --inputs FILE",
            options.weights));
    }
    runs.steps = options.steps;
    runs.trials = std::max(1, weights.initial_trials);
    return runs;
}

/// How many exponents the answer has: none where the run is too short, unless they were asked for.
int exponents_of(const AdjointOptions& options, const WeightsFile& weights, int steps) {
    const NetworkModel first = model_of(weights, 0);
    const int least = least_exponent_steps(Dynamics(first));
    if (steps >= least) {
        return std::min(options.exponents.value_or(default_exponents), weights.units);
    }
    const std::string needs =
        fmt::format("exponents need a run of 10 tau, {} steps; this one has {}", least, steps);
    if (options.exponents) {
        throw usage_error(fmt::format("--exponents {}: {}; without --exponents it gets norms alone",
                                      *options.exponents, needs));
    }
    fmt::print(stderr, "warning: {}; the answer has norms alone\n", needs);
    return 0;
}

/// An Error where the run or its gradients leave the range of float64.
void require_range(const AdjointOptions& options, int network, std::size_t trial,
                   const LinearizedRun& run, const Eigen::MatrixXd& norms,
                   const std::vector<int>& lags) {
    const std::string where =
        fmt::format("{}: network {}, trial {}", options.weights, network, trial);
    if (!run.end_state().allFinite()) {
        throw file_error(where +
                         ": the states leave the range of float64; the weights are too large");
    }
    for (Eigen::Index lag = 0; lag < norms.rows(); ++lag) {
        if (!norms.row(lag).allFinite()) {
            throw file_error(fmt::format(
                "{}: gradients exceed float64 from a lag of {} steps on; give a shorter run", where,
                lags[static_cast<std::size_t>(lag)]));
        }
    }
}

void require_range(const AdjointOptions& options, int network, std::size_t trial,
                   const RunExponents& exponents) {
    for (const auto* list : {&exponents.tangent, &exponents.adjoint}) {
        if (std::any_of(list->begin(), list->end(), [](double x) { return std::isnan(x); })) {
            throw file_error(
                fmt::format("{}: network {}, trial {}: tangents leave the range of "
                            "float64 within one tau; the weights are too large",
                            options.weights, network, trial));
        }
    }
}

AdjointValues values_of(const AdjointOptions& options, const WeightsFile& weights, int network,
                        const InputsFile& runs, const AdjointShape& shape) {
    const NetworkModel model = model_of(weights, network);
    const bool driven = !runs.inputs_series.empty();
    const Dynamics dynamics(model,
                            driven ? std::vector<double>{} : weights.constant_input_of(network, 0));
    const auto trials = static_cast<std::size_t>(runs.trials);
    const auto units = static_cast<std::size_t>(weights.units);
    const std::vector<double> starts = starts_for(weights, runs, network);
    const std::size_t block = runs.inputs_series.size() / trials;
    const std::size_t norms = shape.lags.size() * static_cast<std::size_t>(shape.outputs);
    const auto exponents = static_cast<std::size_t>(shape.exponents);
    AdjointValues values;
    values.norms.resize(trials * norms);
    values.tangent.resize(trials * exponents);
    values.adjoint.resize(trials * exponents);
    parallel_for(trials, options.threads, [&](std::size_t trial, int) {
        const Eigen::Map<const Eigen::VectorXd> start(starts.data() + trial * units, model.units);
        Eigen::MatrixXd drive;
        if (driven) {
            drive =
                input_drive(model, {runs.inputs_series.data() + trial * block, block}, runs.steps);
        }
        const LinearizedRun run(dynamics, start, runs.steps, drive);
        const Eigen::MatrixXd found =
            adjoint_norms(run, readout_directions(model, run.end_state()), shape.lags);
        require_range(options, network, trial, run, found, shape.lags);
        for (Eigen::Index lag = 0; lag < found.rows(); ++lag) {
            for (Eigen::Index o = 0; o < found.cols(); ++o) {
                values.norms[trial * norms + static_cast<std::size_t>(lag * found.cols() + o)] =
                    found(lag, o);
            }
        }
        if (shape.exponents == 0) {
            return;
        }
        const RunExponents leading = run_exponents(run, shape.exponents, {1, 0});
        require_range(options, network, trial, leading);
        std::copy_n(leading.tangent.begin(), exponents, &values.tangent[trial * exponents]);
        std::copy_n(leading.adjoint.begin(), exponents, &values.adjoint[trial * exponents]);
    });
    return values;
}

void write_signals(const AdjointOptions& options) {
    require_other_file(options.out, {options.weights, options.inputs});
    const WeightsFile weights = weights_of(options.weights, options.order);
    if (weights.outputs == 0) {
        throw file_error(fmt::format(
            "{}: has no `readout`; learning signals are gradients of outputs", options.weights));
    }
    const InputsFile runs = runs_of(options, weights);
    if (weights.conditions > 1 && runs.inputs_series.empty()) {
        throw file_error(fmt::format(
            "{}: constant_input has {} conditions, and adjoint holds one; give files of one each",
            options.weights, weights.conditions));
    }
    AdjointShape shape;
    shape.networks = weights.networks;
    shape.trials = runs.trials;
    shape.outputs = weights.outputs;
    shape.exponents = exponents_of(options, weights, runs.steps);
    shape.lags = logarithmic_lags(runs.steps);
    shape.cell = weights.cell;
    shape.tau = weights.tau;
    shape.dt = weights.dt;
    AdjointOptions with_threads = options;
    if (with_threads.threads == 0) {
        with_threads.threads = available_threads();
    }
    write_adjoints(options.out, shape, [&](int network) {
        return values_of(with_threads, weights, network, runs, shape);
    });
}

}  // namespace

void add_adjoint_command(CLI::App& app) {
    const auto options = std::make_shared<AdjointOptions>();
    CLI::App* command = add_command<AdjointOptions>(
        app, "adjoint", "Learning signals of any weights: gradients of the outputs against lag",
        options,
        "  shoal adjoint --weights w.h5 --steps 2000 --out signals.h5\n"
        "  shoal adjoint --weights w.h5 --inputs trials.h5 --out signals.h5\n"
        "The run starts at initial_state (default: 0) of the inputs or the weights file and holds\n"
        "constant_input where there are no inputs. In the answer: adjoint_norm[network,trial,lag,\n"
        "output] and, for runs of 10 tau and more, exponents and adjoint_exponents[network,trial,\n"
        "exponent], in float64.",
        write_signals);
    command->add_option("--weights", options->weights, "Weights file (HDF5)")
        ->required()
        ->type_name("FILE");
    command
        ->add_option("--inputs", options->inputs,
                     "File with inputs[trial,time,input] (default: those in the weights file)")
        ->type_name("FILE");
    add_order_option(*command, options->order);
    command->add_option("--steps", options->steps, "Length of the run where there are no inputs")
        ->check(CLI::Range(1, 10'000'000));
    command->add_option("--out", options->out, "HDF5 file to write")->required()->type_name("FILE");
    command
        ->add_option("--exponents", options->exponents,
                     fmt::format("How many leading exponents (default: {}, and none of runs of "
                                 "less than 10 tau)",
                                 default_exponents))
        ->check(CLI::Range(1, 32768));
    command->add_option("--threads", options->threads, "Threads (default: all processors)")
        ->check(CLI::PositiveNumber);
}

}  // namespace shoal
