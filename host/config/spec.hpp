// SPDX-License-Identifier: MIT
// What a configuration says, as plain structs with their defaults. Keys in YAML have the same
// names.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/names.hpp"
#include "core/random.hpp"

namespace shoal {

enum class Cell { current, rate };
enum class Init {
    gauss,
    uniform,
    quasi_periodic,
    quasi_periodic_flow,
    orthogonal,
    identity,
    glorot,
    low_rank,
    file
};
enum class TaskKind {
    sequential_sum,
    copy,
    interval,
    angular_integration,
    flip_flop,
    adding,
    file
};
enum class StimulusSource { digits, gaussians };
enum class TrainingMethod { force, bptt };
enum class ErrorSchedule { epochs, everywhere };
enum class Optimizer { adam, sgd };
enum class Loss { mse, cross_entropy };
/// What accepts a network: what its task counts as right, or a score of any task.
enum class AcceptScore { task, accuracy, within, r2 };
enum class RateSchedule { constant, linear, cosine };
enum class AnalysisLevel { first, full };
/// In which order a file has the axes of its datasets: as every page of shoal names them, or in
/// reverse, as MATLAB writes what it shows in that order.
enum class ArrayOrder { c, matlab };
/// tf32, bf16: products of matrices with inputs of that width and sums in fp32; all else fp32.
enum class Precision { fp32, fp64, tf32, bf16 };

/// What is particular to an initialiser; its maker stands in model/initialisers.cpp.
struct InitRow {
    Init value;
    const char* name;
    /// Keys that its matrix is made from, beside network.units.
    std::array<const char*, 4> keys;
    bool own_size = false;  ///< the matrix has a size of its own: the default gain is 1
    bool pairs = false;     ///< makes pairs of units
    bool drawn = true;      ///< seed and replicate decide, too
};
template <>
inline constexpr auto rows_of<Init> = std::to_array<InitRow>({
    {Init::gauss, "gauss", {"network.density"}},
    {Init::uniform, "uniform", {"network.density"}},
    {Init::quasi_periodic, "quasi-periodic", {}, true, true},
    {Init::quasi_periodic_flow, "quasi-periodic-flow", {}, true, true},
    {Init::orthogonal, "orthogonal", {}, true},
    {Init::identity, "identity", {}, true, false, false},
    {Init::glorot, "glorot", {}, true},
    {Init::low_rank,
     "low-rank",
     {"network.gain", "network.density", "network.rank", "network.rank_gain"}},
    {Init::file, "file", {"network.path", "network.order"}, true},
});

/// A training curve of a report, which consecutive outputs share.
struct OutputCurve {
    const char* name = "";
    int outputs = 0;  ///< how many; 0: no curve
};

/// What is particular to a kind of task; its maker stands in task/task.cpp.
struct TaskRow {
    TaskKind value;
    const char* name;
    /// The keys of section task that it has, beside kind. source decides between path and
    /// gaussians.
    std::array<const char*, 10> keys;
    bool may_have_classes = false;           ///< targets may be one-hot, as cross-entropy asks for
    std::array<OutputCurve, 2> curves = {};  ///< outputs in order; none: one curve of all outputs
};
template <>
inline constexpr auto rows_of<TaskKind> = std::to_array<TaskRow>({
    {TaskKind::sequential_sum,
     "sequential-sum",
     {"task.source", "task.path", "task.codes", "task.durations.stimulus1", "task.durations.delay1",
      "task.durations.stimulus2", "task.durations.delay2", "task.durations.response",
      "task.gaussians.means", "task.gaussians.std"},
     false,
     {{{"response", 1}, {"memory", 2}}}},
    {TaskKind::copy, "copy", {"task.delay", "task.symbols", "task.length", "task.noise"}, true},
    {TaskKind::interval, "interval", {"task.delay", "task.noise"}},
    {TaskKind::angular_integration,
     "angular-integration",
     {"task.duration", "task.speed", "task.smoothness", "task.moving_share", "task.noise"}},
    {TaskKind::flip_flop,
     "flip-flop",
     {"task.duration", "task.bits", "task.pulse_rate", "task.noise"}},
    {TaskKind::adding, "adding", {"task.duration", "task.noise"}},
    {TaskKind::file, "file", {"task.path"}, true},
});

template <>
inline constexpr auto rows_of<Cell> = std::to_array<Named<Cell>>({{Cell::current, "current"},
                                                                  {Cell::rate, "rate"}});
template <>
inline constexpr auto rows_of<StimulusSource> = std::to_array<Named<StimulusSource>>(
    {{StimulusSource::digits, "digits"}, {StimulusSource::gaussians, "gaussians"}});
template <>
inline constexpr auto rows_of<TrainingMethod> = std::to_array<Named<TrainingMethod>>(
    {{TrainingMethod::force, "force"}, {TrainingMethod::bptt, "bptt"}});
template <>
inline constexpr auto rows_of<ErrorSchedule> = std::to_array<Named<ErrorSchedule>>(
    {{ErrorSchedule::epochs, "epochs"}, {ErrorSchedule::everywhere, "everywhere"}});
template <>
inline constexpr auto rows_of<Optimizer> =
    std::to_array<Named<Optimizer>>({{Optimizer::adam, "adam"}, {Optimizer::sgd, "sgd"}});
template <>
inline constexpr auto rows_of<Loss> =
    std::to_array<Named<Loss>>({{Loss::mse, "mse"}, {Loss::cross_entropy, "cross-entropy"}});
template <>
inline constexpr auto rows_of<AcceptScore> =
    std::to_array<Named<AcceptScore>>({{AcceptScore::task, "task"},
                                       {AcceptScore::accuracy, "accuracy"},
                                       {AcceptScore::within, "within"},
                                       {AcceptScore::r2, "r2"}});
template <>
inline constexpr auto rows_of<RateSchedule> =
    std::to_array<Named<RateSchedule>>({{RateSchedule::constant, "constant"},
                                        {RateSchedule::linear, "linear"},
                                        {RateSchedule::cosine, "cosine"}});
template <>
inline constexpr auto rows_of<ArrayOrder> =
    std::to_array<Named<ArrayOrder>>({{ArrayOrder::c, "c"}, {ArrayOrder::matlab, "matlab"}});
template <>
inline constexpr auto rows_of<AnalysisLevel> = std::to_array<Named<AnalysisLevel>>(
    {{AnalysisLevel::first, "first"}, {AnalysisLevel::full, "full"}});
template <>
inline constexpr auto rows_of<Precision> =
    std::to_array<Named<Precision>>({{Precision::fp32, "fp32"},
                                     {Precision::fp64, "fp64"},
                                     {Precision::tf32, "tf32"},
                                     {Precision::bf16, "bf16"}});

/// Whether numbers of this precision are kept as floats (else as doubles).
constexpr bool is_single(Precision precision) {
    return precision != Precision::fp64;
}

/// network: one recurrent network before training (Ghazizadeh & Ching 2021; Park, Sagodi & Sokol
/// 2023).
struct NetworkConfig {
    int units = 200;
    Cell cell{};
    double tau = 1.0;             ///< time constant; the unit of all times
    double dt = 0.1;              ///< Euler step, in units of time, 0 < dt <= tau
    double gain = 1.2;            ///< g
    double density = 0.6;         ///< p: probability of a nonzero recurrent weight
    double feedback_scale = 0.2;  ///< 1/fb
    double input_scale = 0.02;    ///< 1/in
    double readout_scale = 1.0;   ///< bptt: readout starts at N(0,1) readout_scale / sqrt(units)
    Init init = Init::gauss;
    int rank = 1;            ///< init: low-rank: rank of the structured part
    double rank_gain = 1.0;  ///< init: low-rank: its eigenvalues
    std::string path;        ///< init: file only: weights file; replicate r takes its network r
    std::string content;     ///< hash of that file; stands for the path in the uid
    ArrayOrder order = ArrayOrder::c;  ///< init: file only: of the axes in that file
    bool operator==(const NetworkConfig&) const = default;
};

/// Epoch lengths of sequential-sum, in units of time.
struct SequentialSumDurations {
    double stimulus1 = 10.0;
    double delay1 = 5.0;
    double stimulus2 = 10.0;
    double delay2 = 5.0;
    double response = 5.0;
    auto operator<=>(const SequentialSumDurations&) const = default;
};

/// Two isotropic Gaussians as stimulus classes.
struct GaussianSource {
    std::vector<std::vector<double>> means = {{-0.5, -1.5}, {-0.3, 0.6}};  ///< [class][2]
    double std = 0.4;
    auto operator<=>(const GaussianSource&) const = default;
};

/// task: what the networks learn. Times in the unit of tau.
struct TaskConfig {
    TaskKind kind = TaskKind::sequential_sum;
    StimulusSource source = StimulusSource::digits;
    std::vector<double> codes = {1.0, 0.5, 1.5};  ///< response to the sums 0, 1, 2
    SequentialSumDurations durations;
    GaussianSource gaussians;
    double delay = 50.0;        ///< copy, interval
    double duration = 100.0;    ///< angular-integration, flip-flop, adding: length of a trial
    int symbols = 8;            ///< copy: size of the alphabet
    int length = 10;            ///< copy: symbols to remember
    int bits = 3;               ///< flip-flop: channels
    double pulse_rate = 0.05;   ///< flip-flop: pulses per channel and time
    double speed = 0.1;         ///< angular-integration: std of the velocity, rad per time
    double smoothness = 10.0;   ///< angular-integration: correlation time of the velocity
    double moving_share = 0.5;  ///< angular-integration: share of time with a velocity
    double noise = 0.0;         ///< std of Gaussian noise added to every input at every step
    std::string path;     ///< kind: file: trials file; source: digits: optional CSV digit,u1,u2
    std::string content;  ///< hash of that file

    /// Whether `path` counts: always a file of trials, or one of digits in place of the built-in.
    bool has_path() const {
        return kind == TaskKind::file ||
               (kind == TaskKind::sequential_sum && source == StimulusSource::digits);
    }
    auto operator<=>(const TaskConfig&) const = default;
};

/// Weights that gradient training changes; the others stay as drawn.
struct TrainedParts {
    bool recurrent = true;
    bool input = true;
    bool readout = true;
    bool bias = true;
    bool initial_state = false;
    bool operator==(const TrainedParts&) const = default;
};

/// training.accept: when a trained network is accepted (host/MATHEMATICS.md, B.5).
struct AcceptConfig {
    AcceptScore score = AcceptScore::task;
    std::optional<double> at_least;  ///< nothing: the level of the score, and of the task
    double tolerance = 0.1;          ///< within: largest RMS error of a trial that is right
    bool operator==(const AcceptConfig&) const = default;
};

/// training: FORCE with a temporally restricted error (Ghazizadeh & Ching 2021), or backpropagation
/// through time (host/MATHEMATICS.md, B.4).
struct TrainingConfig {
    TrainingMethod method = TrainingMethod::force;
    // force
    int trials = 3500;
    double alpha = 1.0;                           ///< P starts at I / alpha
    ErrorSchedule error = ErrorSchedule::epochs;  ///< everywhere: plain FORCE
    // bptt
    int iterations = 2000;
    int batch = 64;  ///< trials of one iteration
    Loss loss = Loss::mse;
    Optimizer optimizer = Optimizer::adam;
    double learning_rate = 1e-3;
    RateSchedule schedule = RateSchedule::constant;  ///< linear, cosine: falls to 0 at the end
    int warmup = 0;             ///< iterations over which the rate first rises linearly
    double momentum = 0.0;      ///< sgd
    double beta1 = 0.9;         ///< adam
    double beta2 = 0.999;       ///< adam
    double epsilon = 1e-8;      ///< adam: outside the root
    double weight_decay = 0.0;  ///< decoupled
    double clip = 0.0;          ///< largest L2 norm of the gradient; 0: any
    double l2 = 0.0;            ///< adds l2 sum w^2 over trained weights to the loss
    double rate_penalty = 0.0;  ///< adds rate_penalty mean r^2
    double noise = 0.0;         ///< sigma of the process noise during training
    TrainedParts parts;         ///< key: train
    int rank = 0;               ///< recurrent weights change by a matrix of this rank; 0: any
    double target_loss = 0.0;   ///< ends when the loss of `window` iterations is below; 0: never
    int patience = 0;           ///< ends after so many iterations without progress; 0: never
    AcceptConfig accept;
    bool operator==(const TrainingConfig&) const = default;
};

/// An analysis of a thousand times the work is none that anyone meant.
inline constexpr int most_analysis_effort = 1000;

struct AnalysisConfig {
    AnalysisLevel level = AnalysisLevel::first;
    bool rule_a = false;  ///< also run the perturbed labels, rule A; level full does anyway
    int effort = 1;       ///< level full: so many times the starts and runs that bounds allow
    bool operator==(const AnalysisConfig&) const = default;
};

/// One value of a swept key.
using SweepValue = std::variant<bool, std::int64_t, double, std::string, std::vector<double>>;

/// How a swept value reads in CSV and on screen (doubles: shortest form that round-trips).
std::string to_string(const SweepValue& value);

/// One network, fully resolved.
struct NetworkSpec {
    std::uint32_t seed = 1;
    std::uint32_t replicate = 0;
    NetworkConfig network;
    TaskConfig task;
    TrainingConfig training;
    /// Swept dotted keys in the order of the sweep, without `replicate`.
    std::vector<std::pair<std::string, SweepValue>> swept;
    /// 16 hex digits: hash of the canonical spec (seed, replicate, network, task, training; without
    /// names and paths). Identifies the network; never a source of randomness.
    std::string uid;
    /// Row in the whole sweep, from 0; a shard's rows keep it. Order of tables, nothing else.
    std::size_t position = 0;

    RandomKey key() const { return {seed, replicate}; }
};

/// A whole configuration.
struct Config {
    std::string name = "run";
    std::uint32_t seed = 1;
    AnalysisConfig analysis;
    /// Every row of the sweep, in order: the first key of `sweep` varies slowest.
    std::vector<NetworkSpec> networks;
    /// Swept dotted keys in order, without `replicate`.
    std::vector<std::string> swept_keys;
    /// The sweep's axes in order, without `replicate`: a key, or keys that vary together, joined by
    /// ", ".
    std::vector<std::string> axes;
    /// Hash of what the whole configuration computes (uids of all rows and analysis), shard or not.
    std::string identity;
    /// The resolved configuration as YAML text: parsing it again gives equal `networks`.
    std::string resolved_yaml;
};

/// One value of a spec as in its canonical JSON; empty if it is not set.
std::string canonical_value(const NetworkSpec& spec, std::string_view key);
/// Canonical JSON text of a spec and its uid.
std::string canonical_spec(const NetworkSpec& spec);
std::string make_uid(const NetworkSpec& spec);

}  // namespace shoal
