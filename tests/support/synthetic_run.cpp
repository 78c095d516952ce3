// SPDX-License-Identifier: MIT
#include "synthetic_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>

#include "config/config.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "records/full_records.hpp"
#include "records/time_axes.hpp"
#include "store/analysis_file.hpp"
#include "store/manifest.hpp"
#include "store/population_file.hpp"
#include "store/run_directory.hpp"

namespace shoal {
namespace {

constexpr int conditions = 16;  // trial types x conclusions of sequential-sum
constexpr std::size_t curves = 3;

/// Draws of one network by question, the same in every shard.
class Dice {
  public:
    explicit Dice(const NetworkSpec& spec)
        : seed_(spec.seed), network_(static_cast<std::uint32_t>(spec.position)) {}
    /// Uniform on (0, 1).
    double share(std::uint32_t question, std::uint32_t index = 0) const {
        return uniform01(random_bits({seed_, 0}, Purpose::test, network_, question, index));
    }
    double between(double low, double high, std::uint32_t question, std::uint32_t index = 0) const {
        return low + (high - low) * share(question, index);
    }

  private:
    std::uint32_t seed_;
    std::uint32_t network_;
};

enum Question : std::uint32_t {
    status,
    acceptance,
    errors,
    mechanism,
    saturation,
    speeds,
    spectrum,
    survival,
    noise,
    counts,
    activity,
    paths
};

std::string config_text(const SyntheticRun& run) {
    return fmt::format(
        "name: synthetic\n"
        "seed: {}\n"
        "network: {{units: {}}}\n"
        "task: {{kind: sequential-sum, source: gaussians}}\n"
        "training: {{trials: {}}}\n"
        "sweep:\n"
        "  network.gain: [0.8, 1.0, 1.2, 1.4, 1.6]\n"
        "  network.density: [0.2, 0.4, 0.6, 0.9]\n"
        "  network.feedback_scale: [0.1, 0.2, 0.5, 1.0, 2.0]\n"
        "  replicate: {}\n"
        "analysis: {{level: {}}}\n",
        run.seed, run.units, run.trials, run.networks / synthetic_cells, name_of(run.level));
}

bool is_accepted(const Dice& dice, const NetworkSpec& spec) {
    return dice.share(acceptance) < 0.9 - 0.4 * (spec.network.gain - 0.8);
}

std::optional<TrainedNetwork> record_of(const NetworkSpec& spec) {
    const Dice dice(spec);
    const auto units = static_cast<std::size_t>(spec.network.units);
    TrainedNetwork network;
    if (dice.share(status) < 0.01) {
        return std::nullopt;
    }
    const bool diverged = dice.share(status, 1) < 0.02 * spec.network.gain;
    network.uid = spec.uid;
    network.status = diverged ? Status::diverged : Status::trained;
    network.trials_done = diverged ? spec.training.trials / 2 : spec.training.trials;
    network.diverged_step = diverged ? 350 * network.trials_done + 17 : -1;
    network.readout.assign(curves * units, 0.1);
    network.state.assign(units, 0.2);
    const bool accepted = !diverged && is_accepted(dice, spec);
    const double end = diverged ? 3.0 : accepted ? 0.02 : 0.3;
    for (int trial = 0; trial < network.trials_done; ++trial) {
        const double fallen = std::pow(end, static_cast<double>(trial) / spec.training.trials);
        for (std::uint32_t output = 0; output < curves; ++output) {
            const auto index = curves * static_cast<std::uint32_t>(trial) + output;
            network.error_curve.push_back(static_cast<float>(
                fallen * dice.between(0.4, 1.4, errors, static_cast<std::uint32_t>(index))));
        }
    }
    if (!diverged) {
        network.conclusions.assign(4 * units, 0.3);
        Acceptance& test = network.acceptance;
        test.accepted = accepted;
        test.fraction_failed = accepted ? 0.0 : std::ceil(160 * dice.share(acceptance, 1)) / 160;
        test.accepted_lax = test.fraction_failed <= 0.05;
        test.median_error = end * dice.between(0.5, 1.5, acceptance, 2);
        test.authors_fractions = {1.0, 0.5, test.fraction_failed, test.fraction_failed / 2};
    }
    return network;
}

/// Rest at small gains, motion at large ones.
Mechanism mechanism_at(const Dice& dice, double gain) {
    const double motion = std::clamp((gain - 0.7) / 1.2, 0.0, 1.0);
    const double draw = dice.share(mechanism, 1);
    if (dice.share(mechanism) > motion) {
        return draw < 0.6 ? Mechanism::slow_manifold : Mechanism::direct;
    }
    return draw < 0.5    ? Mechanism::limit_cycle
           : draw < 0.75 ? Mechanism::mixed
           : draw < 0.85 ? Mechanism::torus
           : draw < 0.97 ? Mechanism::chaotic
                         : Mechanism::far;
}

FixedPoint point_of(const Dice& dice, int units, int conclusion) {
    FixedPoint point;
    point.state.assign(static_cast<std::size_t>(units), 0.1 * (conclusion + 1));
    point.speed = 1e-13;
    point.label = conclusion < 2 ? PointLabel::proved : PointLabel::converged;
    for (int unit = 0; unit < units; ++unit) {
        const auto index = static_cast<std::uint32_t>(units * conclusion + unit);
        point.eigenvalues.push_back(-0.02 - 0.2 * unit - 0.1 * dice.share(spectrum, index));
        point.eigenvalues.push_back(0.0);
    }
    return point;
}

std::shared_ptr<const FullAnalysis> full_analysis(const Dice& dice, const NetworkAnalysis& a) {
    const auto full = std::make_shared<FullAnalysis>();
    full->proofs.resize(a.points.size());
    full->search.starts = 500;
    full->search.roots = 1 + static_cast<int>(12 * dice.share(counts));
    full->search.proved = full->search.roots - (dice.share(counts, 1) < 0.1 ? 1 : 0);
    full->search.slow_points = static_cast<int>(4 * dice.share(counts, 2));
    full->search.coverage = dice.between(0.95, 1.0, counts, 3);
    full->search.completeness = "Made up: nothing was searched.";
    const bool rests = a.mechanism == Mechanism::direct || a.mechanism == Mechanism::slow_manifold;
    AttractorRecord& attractor = full->attractors.emplace_back();
    attractor.kind = rests ? AttractorKind::fixed_point : AttractorKind::limit_cycle;
    attractor.point = rests ? 0 : -1;
    attractor.period = a.period;
    attractor.memory_starts = 16;
    full->census.attractors = a.attractors;
    (rests ? full->census.fixed_points : full->census.limit_cycles) = a.attractors;
    full->census.start_kinds.assign(32, 0);
    full->census.end_kinds.assign(32, static_cast<int>(attractor.kind));
    full->census.end_attractors.assign(32, 0);

    ForgettingRecord& forgetting = full->forgetting;
    forgetting.applicable = true;
    const double longest = 199.5;
    const double typical = a.mechanism == Mechanism::direct ? 300.0 : rests ? 60.0 : 25.0;
    for (std::uint32_t c = 0; c < conditions; ++c) {
        const double lasted = -typical * std::log(dice.share(survival, c));
        forgetting.survival.push_back(std::min(longest, std::ceil(2 * lasted) / 2));
        forgetting.censored.push_back(lasted > longest);
        forgetting.asymptotic.push_back(lasted > longest ? -1 : static_cast<int>(c % 2));
    }
    for (int e = 1; e <= 399; ++e) {
        const double extension = 0.5 * e;
        const auto failed = std::count_if(forgetting.survival.begin(), forgetting.survival.end(),
                                          [&](double time) { return time <= extension; });
        forgetting.extensions.push_back(extension);
        forgetting.failed_share.push_back(static_cast<double>(failed) / conditions);
        forgetting.asymptotic_share.push_back(static_cast<double>(failed) / (2 * conditions));
    }
    std::vector<double> times = forgetting.survival;
    std::nth_element(times.begin(), times.begin() + conditions / 2 - 1, times.end());
    forgetting.median_survival = times[conditions / 2 - 1];
    forgetting.median_censored = forgetting.median_survival >= longest;

    NoiseRecord& shaken = full->noise;
    shaken.applicable = true;
    shaken.runs = 10 * conditions;
    shaken.sigmas = {0.1, 0.2, 0.25, 0.33, 0.5, 1,  2,  3,  4,  5, 6,
                     7,   8,   9,    10,   15,  20, 25, 30, 35, 40};
    const double borne = (rests ? 6.0 : 2.0) * dice.between(0.3, 1.7, noise);
    for (const double sigma : shaken.sigmas) {
        shaken.failed_uniform.push_back(std::min(1.0, sigma / (2 * borne)));
        shaken.failed_gaussian.push_back(std::min(1.0, sigma / (8 * borne)));
    }
    shaken.uniform_half_right = borne;
    shaken.gaussian_half_right = 4 * borne;
    full->silencing.applicable = true;
    full->silencing.fractions = {0.05, 0.1, 0.2, 0.5, 0.9};
    full->silencing.failed_random = {0.1, 0.3, 0.6, 0.9, 1.0};
    full->activity.epoch = "delay 1";
    full->activity.participation_ratio = dice.between(1.0, 4.0, activity);
    full->activity.phasic_index = dice.share(activity, 1);
    full->sensitivity.robust = dice.between(0.5, 1.0, activity, 2);

    Portrait& portrait = full->portrait;
    portrait.components = 2;
    portrait.variance_explained = {0.7, 0.2};
    for (int s = 0; s < 20; ++s) {
        portrait.times.push_back(s);
        full->manifold.times.push_back(s);
    }
    for (int path = 0; path < 4; ++path) {
        ManifoldPath& way = full->manifold.paths.emplace_back();
        way.memory = path;
        for (const double time : portrait.times) {
            const double phase = 1.6 * path + (rests ? 0.0 : 0.5 * time);
            const double size = rests ? 1.0 + std::exp(-0.2 * time) : 2.0;
            portrait.paths.push_back(size * std::cos(phase));
            portrait.paths.push_back(size * std::sin(phase));
            way.speeds.push_back(rests ? 0.2 * std::exp(-0.4 * time) : 0.5);
        }
    }
    portrait.points.assign(2 * a.points.size(), 1.0);
    for (const VerdictThreshold threshold : enumerators(VerdictThreshold{})) {
        SensitivityRow& row = full->sensitivity.rows.emplace_back();
        row.threshold = threshold;
        row.mechanism = a.mechanism;
    }
    return full;
}

std::optional<NetworkAnalysis> analysis_of(const NetworkSpec& spec, AnalysisLevel level) {
    const std::optional<TrainedNetwork> trained = record_of(spec);
    if (!trained || !trained->acceptance.accepted) {
        return std::nullopt;
    }
    const Dice dice(spec);
    NetworkAnalysis a;
    a.uid = spec.uid;
    a.mechanism = mechanism_at(dice, spec.network.gain);
    const bool rests = a.mechanism == Mechanism::direct || a.mechanism == Mechanism::slow_manifold;
    a.rule_b = rests ? RuleLabel::manifold : RuleLabel::limit_cycle;
    a.distinct_outputs_b = a.mechanism == Mechanism::direct ? 3 : 1;
    a.attractors = a.mechanism == Mechanism::direct ? 3 : 1;
    a.saturated_delay =
        std::floor(spec.network.units * dice.share(saturation)) / spec.network.units;
    a.saturated_response = 0.5 * a.saturated_delay;
    for (int conclusion = 0; conclusion < 4; ++conclusion) {
        DelayRun run;
        for (std::size_t k = 0; k < speed_times.size(); ++k) {
            const double noisy = dice.between(0.5, 1.5, speeds, static_cast<std::uint32_t>(k));
            run.speeds.push_back(noisy * (rests ? std::exp(-0.4 * speed_times[k]) : 0.3));
        }
        run.end_output = 0.5 * conclusion;
        run.settled = rests;
        run.attractor = rests ? std::min(conclusion, a.attractors - 1) : -1;
        a.runs.push_back(std::move(run));
    }
    for (int i = 0; rests && i < a.attractors; ++i) {
        a.points.push_back(point_of(dice, spec.network.units, i));
        for (int conclusion = 0; conclusion < 4; ++conclusion) {
            if (a.runs[static_cast<std::size_t>(conclusion)].attractor == i) {
                a.points.back().reached_from.push_back(conclusion);
            }
        }
    }
    if (!rests) {
        a.exponents = {1e-4, -0.03 - 0.02 * dice.share(spectrum), -0.06};
        a.exponent_errors = {1e-4, 1e-3, 1e-3};
        a.period = a.mechanism == Mechanism::limit_cycle ? dice.between(5, 40, spectrum, 1) : -1.0;
    }
    a.evidence =
        rests ? fmt::format("4 of 4 runs settle on stable fixed points: {} distinct (made up).",
                            a.attractors)
              : fmt::format(
                    "No run settles; exponents {:.4f} +- 0.0001, {:.4f} +- 0.0010, {:.4f} "
                    "+- 0.0010 per tau (made up).",
                    a.exponents[0], a.exponents[1], a.exponents[2]);
    if (level == AnalysisLevel::full) {
        a.full = full_analysis(dice, a);
    }
    return a;
}

/// The delay of the first network of each mechanism.
std::vector<ExampleTrajectories> examples_of(const Config& config) {
    std::vector<ExampleTrajectories> examples;
    for (const NetworkSpec& spec : config.networks) {
        const auto analysis = analysis_of(spec, AnalysisLevel::first);
        const auto same = [&](const auto& e) { return e.mechanism == analysis->mechanism; };
        if (!analysis || std::any_of(examples.begin(), examples.end(), same)) {
            continue;
        }
        ExampleTrajectories& example = examples.emplace_back();
        example.uid = spec.uid;
        example.mechanism = analysis->mechanism;
        example.sample_interval = 0.5;
        example.samples = 400;
        example.conclusions = 4;
        example.components = 3;
        example.variance_explained = {0.6, 0.2, 0.1};
        for (int i = 0; i < example.conclusions * example.samples; ++i) {
            const double phase = 0.1 * (i % example.samples) + 1.3 * (i / example.samples);
            example.outputs.push_back(static_cast<float>(std::sin(phase)));
            for (int k = 0; k < example.components; ++k) {
                example.components_of_r.push_back(static_cast<float>(2 * std::cos(phase + k)));
            }
        }
        if (examples.size() == enumerators(Mechanism{}).size() - 1) {
            break;
        }
    }
    return examples;
}

void write_folder(const std::filesystem::path& folder, const Config& config, int shard,
                  int shards) {
    if (std::filesystem::exists(folder)) {
        throw usage_error(folder.string() + ": exists; give a folder that does not");
    }
    RunPaths paths{folder};
    std::filesystem::create_directories(folder);
    Manifest manifest;
    manifest.backend = "made up";
    manifest.instruction_set = "none";
    manifest.shard_index = shard;
    manifest.shard_count = shards;
    manifest.started = "2026-01-01T00:00:00Z";
    manifest.finished = manifest.started;
    write_manifest(paths.manifest(), manifest);
    replace_file(paths.config(), std::string_view(config.resolved_yaml));
    write_population(paths.population(), config, Precision::fp32, record_of);
    write_analysis(
        paths.analysis(), config,
        [&](const NetworkSpec& spec) { return analysis_of(spec, config.analysis.level); },
        examples_of(config));
}

}  // namespace

std::vector<std::filesystem::path> write_synthetic_run(const std::filesystem::path& out,
                                                       const SyntheticRun& run) {
    if (run.networks == 0 || run.networks % synthetic_cells != 0) {
        throw usage_error(
            fmt::format("{} networks; a multiple of {} is wanted", run.networks, synthetic_cells));
    }
    if (run.units < 4) {
        throw usage_error(fmt::format("{} units; at least 4 are wanted", run.units));
    }
    if (run.trials < 1) {
        throw usage_error(fmt::format("{} trials; at least 1 is wanted", run.trials));
    }
    if (run.shards < 1 || static_cast<std::size_t>(run.shards) > run.networks) {
        throw usage_error(fmt::format("{} shards of {} networks; 1 to {} are wanted", run.shards,
                                      run.networks, run.networks));
    }
    const Config config = parse_config(config_text(run), "synthetic run", ".");
    std::vector<std::filesystem::path> folders;
    for (int shard = 0; shard < run.shards; ++shard) {
        Config part = config;
        keep_shard(part, shard, run.shards);
        std::filesystem::path folder = out;
        if (run.shards > 1) {
            folder += fmt::format(".shard-{}-of-{}", shard, run.shards);
        }
        write_folder(folder, part, shard, run.shards);
        folders.push_back(std::move(folder));
    }
    return folders;
}

}  // namespace shoal
