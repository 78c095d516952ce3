// SPDX-License-Identifier: MIT
#include "cli/stages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <map>
#include <mutex>
#include <span>
#include <utility>

#include "analysis/analysis.hpp"
#include "analysis/full_analysis.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/memory.hpp"
#include "core/parallel.hpp"
#include "core/stop.hpp"
#include "core/text.hpp"
#include "store/analysis_file.hpp"
#include "store/exchange_files.hpp"
#include "store/population_file.hpp"
#include "store/segments.hpp"
#include "train/forecast.hpp"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

/// At most this much of a killed analysis is lost, or one network.
constexpr std::chrono::seconds keep_interval{30};

/// Adds the wall time of a scope to the manifest's account of a stage, whatever ends the scope. If
/// that is an error, it is the one to tell.
class StageClock {
  public:
    StageClock(OpenRun& run, const char* stage) : run_(run), stage_(stage) {}
    ~StageClock() {
        run_.manifest.stage_seconds[stage_] +=
            std::chrono::duration<double>(Clock::now() - start_).count();
        try {
            write_manifest(run_.paths.manifest(), run_.manifest);
        } catch (const Error& error) {
            if (std::uncaught_exceptions() == 0) {
                fmt::print(stderr, "warning: {}\n", printable(error.what()));
            }
        }
    }
    StageClock(const StageClock&) = delete;
    StageClock& operator=(const StageClock&) = delete;

  private:
    OpenRun& run_;
    const char* stage_;
    Clock::time_point start_ = Clock::now();
};

void remove_matching(const std::filesystem::path& folder, const std::string& prefix) {
    if (!std::filesystem::exists(folder)) {
        return;
    }
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().filename().string().starts_with(prefix)) {
            found.push_back(entry.path());
        }
    }
    for (const auto& path : found) {
        std::filesystem::remove(path);
    }
}

/// One accepted network, ready to analyse.
AnalysisInput analysis_input(const PopulationFile& population, const NetworkSpec& spec) {
    AnalysisInput input;
    input.model = population.model(spec.uid);
    // gain x base, rounded once: the same bits whether the file shares the network's matrix or not.
    const auto units = static_cast<std::size_t>(input.model.units);
    std::vector<double> matrix(units * units);
    for (std::size_t to = 0; to < units; ++to) {
        input.model.recurrent->row(static_cast<int>(to),
                                   std::span(matrix).subspan(to * units, units));
    }
    for (double& weight : matrix) {
        weight *= input.model.gain;
    }
    input.model.recurrent = dense_matrix(input.model.units, std::move(matrix));
    input.model.gain = 1.0;
    input.conclusions = population.network(spec.uid).conclusions;
    input.task = shared_task(spec);
    input.key = spec.key();
    return input;
}

struct Worker {
    std::unique_ptr<Backend> behaviour;
    std::unique_ptr<Backend> exact;
};

std::vector<Worker> make_workers(const ComputeOptions& compute, Precision trained_in) {
    const int threads = compute.threads > 0 ? compute.threads : available_threads();
    std::vector<Worker> workers(static_cast<std::size_t>(threads));
    for (Worker& worker : workers) {
        worker.behaviour =
            make_backend(compute.backend, {trained_in, 1, compute.device.value_or(0)});
        // What linearises or measures exponents runs on the CPU, wherever the network was trained.
        const bool on_device = worker.behaviour->name() == "cuda";
        worker.exact = make_backend(on_device ? "cpu" : compute.backend,
                                    {Precision::fp64, 1, compute.device.value_or(0)});
    }
    return workers;
}

std::vector<ExampleTrajectories> make_examples(const OpenRun& run, const PopulationFile& population,
                                               const SegmentStore<NetworkAnalysis>& analysed,
                                               Worker& worker) {
    std::map<Mechanism, const NetworkSpec*> first;
    for (const NetworkSpec& spec : run.config.networks) {
        if (const auto analysis = analysed.read(spec.uid)) {
            first.emplace(analysis->mechanism, &spec);
        }
    }
    std::vector<ExampleTrajectories> examples;
    for (const auto& [mechanism, spec] : first) {
        examples.push_back(
            example_trajectories(analysis_input(population, *spec), mechanism, *worker.exact));
    }
    return examples;
}

}  // namespace

void resumable(const std::string& how_to_resume, const std::function<void()>& work) {
    try {
        work();
    } catch (const Error& error) {
        if (error.code() != ExitCode::interrupted) {
            throw;
        }
        throw Error(ExitCode::interrupted,
                    fmt::format("{}; a checkpoint was written. Go on with: {}", error.what(),
                                how_to_resume));
    }
}

void train_stage(OpenRun& run, Backend& backend, TrainerOptions options, Progress& progress) {
    const RunPaths& paths = run.paths;
    if (!std::filesystem::exists(paths.population())) {
        const StageClock clock(run, "train");
        const Forecast forecast =
            forecast_run(run.config, backend, options.max_memory, false, options.memory_share);
        require_disk_space(paths.folder, forecast.disk_bytes, "this run");
        create_folders(paths.checkpoint());
        SegmentStore<TrainedNetwork> trained(paths.checkpoint(), "trained");
        options.checkpoint = paths.checkpoint();
        train_population(run.config, backend, options, trained, progress);
        write_population(paths.population(), run.config, backend.precision(),
                         [&](const NetworkSpec& spec) { return trained.read(spec.uid); });
    }
    // population.h5 now holds all of it.
    remove_matching(paths.checkpoint(), "active-");
    remove_matching(paths.checkpoint(), "trained-");
}

void analysis_stage(OpenRun& run, const ComputeOptions& compute, Progress& progress) {
    const RunPaths& paths = run.paths;
    if (!std::filesystem::exists(paths.analysis())) {
        const StageClock clock(run, "analysis");
        const PopulationFile population(paths.population());
        SegmentStore<NetworkAnalysis> analysed(paths.checkpoint(), "analysed");
        std::vector<const NetworkSpec*> waiting;
        std::size_t accepted = 0;
        for (const NetworkSpec& spec : run.config.networks) {
            if (population.network(spec.uid).acceptance.accepted) {
                ++accepted;
                if (!analysed.contains(spec.uid)) {
                    waiting.push_back(&spec);
                }
            }
        }
        create_folders(paths.checkpoint());
        reuse_dropped_memory();
        auto workers = make_workers(compute, run.manifest.precision);
        std::mutex mutex;  // HDF5 reading, `fresh` and progress
        std::vector<NetworkAnalysis> fresh;
        auto kept = Clock::now();
        const auto keep = [&] {
            if (!fresh.empty()) {
                analysed.append(fresh);
                fresh.clear();
                kept = Clock::now();
            }
        };
        std::atomic<bool> stopped{false};
        parallel_for(waiting.size(), static_cast<int>(workers.size()), [&](std::size_t i, int who) {
            if (stopped || stop_requested()) {
                stopped = true;
                return;
            }
            AnalysisInput input;
            {
                const std::lock_guard lock(mutex);
                input = analysis_input(population, *waiting[i]);
            }
            Worker& worker = workers[static_cast<std::size_t>(who)];
            PartSeconds seconds;
            NetworkAnalysis analysis =
                run.config.analysis.level == AnalysisLevel::full
                    ? analyze_fully(input, run.config.analysis, *worker.behaviour, *worker.exact,
                                    seconds)
                    : analyze_network(input, run.config.analysis, *worker.behaviour, *worker.exact);
            const std::lock_guard lock(mutex);
            for (const auto& [part, spent] : seconds) {
                run.manifest.stage_seconds["analysis, " + part + " (processor)"] += spent;
            }
            fresh.push_back(std::move(analysis));
            const std::size_t done = analysed.size() + fresh.size();
            if (fresh.size() >= 16 || Clock::now() - kept >= keep_interval) {
                keep();
            }
            progress.update({"analysis", accepted, done, accepted, 0,
                             static_cast<double>(done) / static_cast<double>(accepted), 0.0});
        });
        keep();
        if (stopped) {
            throw Error(ExitCode::interrupted, stop_reason());
        }
        progress.finish_stage();
        write_analysis(
            paths.analysis(), run.config,
            [&](const NetworkSpec& spec) { return analysed.read(spec.uid); },
            make_examples(run, population, analysed, workers.front()));
    }
    std::filesystem::remove_all(paths.checkpoint());
}

Population read_population(const std::vector<std::filesystem::path>& folders,
                           const Reading& reading) {
    Population population;
    population.runs = read_runs(folders, reading);
    population.rows = reading.detail == Detail::table ? take_rows(population.runs)
                                                      : population_rows(population.runs);
    const Config& config = population.runs.front().config;
    population.summary = summarize(population.rows, config.axes, RandomKey{config.seed, 0});
    population.trends = logistic_trends(population.rows, config.axes);
    return population;
}

}  // namespace shoal
