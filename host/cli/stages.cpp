// SPDX-License-Identifier: MIT
#include "cli/stages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <map>
#include <mutex>
#include <span>
#include <utility>

#include "analysis/analysis.hpp"
#include "analysis/experiments/examples.hpp"
#include "analysis/full_analysis.hpp"
#include "cli/analysis_ledger.hpp"
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
    const StopScope scope(how_to_resume);
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

namespace {

/// Analyses what is not yet analysed of `accepted`, in parallel.
SegmentStore<NetworkAnalysis> analyse(OpenRun& run, const PopulationFile& population,
                                      const std::vector<const NetworkSpec*>& accepted,
                                      std::vector<Worker>& workers, Progress& progress) {
    AnalysisLedger ledger(run.paths.checkpoint(), accepted.size(), true, progress,
                          run.manifest.stage_seconds);
    std::vector<const NetworkSpec*> waiting = accepted;
    std::erase_if(waiting,
                  [&](const NetworkSpec* spec) { return ledger.finished().contains(spec->uid); });
    std::mutex reading;  // HDF5
    const auto analyse_one = [&](std::size_t i, int who) {
        stop_point();
        const NetworkSpec& spec = *waiting[i];
        AnalysisLedger::Job job(ledger, spec.uid);
        AnalysisInput input;
        {
            const std::lock_guard lock(reading);
            input = analysis_input(population, spec);
        }
        const AnalysisConfig& config = run.config.analysis;
        Worker& worker = workers[static_cast<std::size_t>(who)];
        if (config.level == AnalysisLevel::full) {
            const auto begun = ledger.begun(spec.uid);
            ledger.finish(analyze_fully(input, config, *worker.behaviour, *worker.exact, job,
                                        begun ? &*begun : nullptr));
        } else {
            job.begins("first");
            ledger.finish(analyze_network(input, config, *worker.behaviour, *worker.exact));
        }
    };
    keep_when_stopped(ledger, [&] {
        parallel_for(waiting.size(), static_cast<int>(workers.size()), analyse_one);
    });
    return ledger.finished();
}

}  // namespace

void analysis_stage(OpenRun& run, const ComputeOptions& compute, Progress& progress) {
    const RunPaths& paths = run.paths;
    if (!std::filesystem::exists(paths.analysis())) {
        const StageClock clock(run, "analysis");
        const StopPoints stop_points(StopFor::any_reason);
        const PopulationFile population(paths.population());
        std::vector<const NetworkSpec*> accepted;
        for (const NetworkSpec& spec : run.config.networks) {
            if (population.network(spec.uid).acceptance.accepted) {
                accepted.push_back(&spec);
            }
        }
        create_folders(paths.checkpoint());
        reuse_dropped_memory();
        auto workers = make_workers(compute, run.manifest.precision);
        const auto analysed = analyse(run, population, accepted, workers, progress);
        progress.finish_stage();
        write_analysis(
            paths.analysis(), run.config,
            [&](const NetworkSpec& spec) { return analysed.read(spec.uid); },
            make_examples(run, population, analysed, workers.front()));
    }
    remove_matching(paths.checkpoint(), "analysed-");
    remove_matching(paths.checkpoint(), "begun-");
    remove_if_empty(paths.checkpoint());  // what later stages keep stays
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
