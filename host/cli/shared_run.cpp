// SPDX-License-Identifier: MIT
#include "cli/shared_run.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "backend/cuda_plugin.hpp"
#include "cli/results.hpp"
#include "cli/stages.hpp"
#include "config/config.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/stop.hpp"
#include "core/text.hpp"
#include "ranks/shared_progress.hpp"
#include "store/exchange_files.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

/// Ranks that are stopped, or have ended, wait for each other this long at most: the launcher kills
/// the others once one of them has gone with an exit code that is not 0.
constexpr double stopping_seconds = 60.0;
constexpr double ending_seconds = 10.0;

/// n of the shards "<base>.shard-i-of-n" that are there; nothing if there are none.
std::optional<int> shards_on_disk(const fs::path& base) {
    std::set<int> counts;
    const std::string stem = base.filename().string() + ".shard-";
    std::error_code absent;
    const fs::path parent = base.has_parent_path() ? base.parent_path() : ".";
    for (const auto& entry : fs::directory_iterator(parent, absent)) {
        const std::string name = entry.path().filename().string();
        int index = 0;
        int count = 0;
        int read = 0;
        if (name.starts_with(stem) &&
            std::sscanf(name.c_str() + stem.size(), "%d-of-%d%n", &index, &count, &read) == 2 &&
            stem.size() + static_cast<std::size_t>(read) == name.size() &&
            fs::exists(RunPaths{entry.path()}.config())) {
            counts.insert(count);
        }
    }
    if (counts.size() > 1) {
        throw usage_error(fmt::format(
            "{}.shard-*: there are shards of {} and of {}; say which with --shard any/n",
            base.string(), *counts.begin(), *counts.rbegin()));
    }
    return counts.empty() ? std::nullopt : std::optional(*counts.begin());
}

/// Threads, memory and GPU of one rank, where ranks share a machine. What the user says goes
/// before.
RunOptions options_of_rank(RunOptions options, const Ranks& ranks) {
    if (options.compute.threads == 0) {
        const int share = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)) / ranks.local_count();
        options.compute.threads = std::clamp(share, 1, available_threads());
    }
    int sharing = ranks.local_count();
    if (options.compute.backend == "cuda" || options.compute.backend == "auto") {
        const CudaPlugin* plugin = load_cuda_plugin(nullptr);
        std::string reason;
        const auto devices = plugin != nullptr ? plugin->devices(&reason).size() : 0;
        if (devices > 0 && !options.compute.device) {
            const int count = static_cast<int>(devices);
            options.compute.device = ranks.local_rank() % count;
            sharing = (ranks.local_count() + count - 1) / count;
        }
    }
    options.memory_share = 1.0 / sharing;
    return options;
}

class SharedRun {
  public:
    SharedRun(const Config& config, const std::string& command, const RunOptions& options,
              Extent extent, Ranks* ranks)
        : config_(config),
          options_(ranks != nullptr ? options_of_rank(options, *ranks) : options),
          extent_(extent),
          ranks_(ranks),
          base_(base_folder(options, config)),
          count_(agreed_count()),
          command_(command),
          resume_(fmt::format(
              "{}{}", ranks != nullptr ? fmt::format("mpirun -n {} ", ranks->count()) : "",
              resume_command(command, options, base_.string(), fmt::format("any/{}", count_)))) {
        options_.resume = true;
        options_.force = false;
    }

    /// The command that goes on with it.
    const std::string& resume() const { return resume_; }

    /// True: all ranks are still there at the end of it.
    bool work() {
        waiting_.resize(static_cast<std::size_t>(count_));
        ShardTable table(config_.networks.size(), waiting_.size());
        std::iota(waiting_.begin(), waiting_.end(), 0);
        std::size_t finished_before = 0;
        std::erase_if(waiting_, [&](int i) {
            const bool finished = is_finished(i);
            if (finished) {
                table.finished_elsewhere(i, size_of(i));
                ++finished_before;
            }
            return finished;
        });
        SharedProgress progress(table, progress_mode(options_.quiet), ranks_);
        if (finished_before > 0 && first()) {
            progress.note(fmt::format(
                "{} of {} shards were finished before; accepted and failed count the others",
                finished_before, count_));
        }
        for (const std::string& note :
             first() ? notes_on_initial_weights(config_) : std::vector<std::string>{}) {
            progress.note(note);
        }
        try {
            // Under mpirun a rank without work waits: another one may die and leave its shard.
            while (take_shards(progress) && ranks_ != nullptr) {
                std::this_thread::sleep_for(std::chrono::seconds(1));
            }
        } catch (const Error& error) {
            if (error.code() == ExitCode::interrupted) {
                progress.part(stopping_seconds);  // all of them were
            }
            throw;
        }
        if (finished_elsewhere_ > 0) {
            progress.note(fmt::format(
                "{} of {} shards were finished by other processes; accepted and failed count the "
                "others",
                finished_elsewhere_, count_));
        }
        return progress.part(ending_seconds);  // nothing is left to do for anyone
    }

    /// What is left to say and to write when nobody has anything more to do: by the first rank or,
    /// if ranks have died, by whichever comes first.
    void end(bool all_alive, const Conclude& conclude) {
        if (all_alive && !first()) {
            return;
        }
        fs::path merged = base_;
        merged += ".merged";
        std::optional<FolderLock> mine;
        if (!all_alive) {
            fs::create_directories(merged);
            try {
                mine.emplace(RunPaths{merged}.lock());
            } catch (const FolderBusy&) {
                return;
            }
        }
        std::vector<fs::path> folders;
        int unfinished = 0;
        for (int i = 0; i < count_; ++i) {
            folders.push_back(folder(i));
            unfinished += is_finished(i) ? 0 : 1;
        }
        if (unfinished > static_cast<int>(waiting_.size())) {
            throw Error(problem_code_,
                        fmt::format("{} of {} shards could not be finished, see above; the others "
                                    "are complete. Go on with: {}",
                                    unfinished, count_, resume_));
        }
        if (!waiting_.empty()) {
            fmt::print(options_.json ? stderr : stdout,
                       "other processes are working on the last {} of {} shards\n", waiting_.size(),
                       count_);
        } else if (extent_ == Extent::everything) {
            conclude(folders, {merged});
        } else if (options_.json) {
            print_counts(read_population(folders, for_tables), {base_}, {});
        } else {
            fmt::print(
                "trained networks are in {0}.shard-*-of-{1}; go on with: shoal stats "
                "{0}.shard-*-of-{1}\n",
                printable(quoted(base_.string())), count_);
        }
    }

  private:
    bool first() const { return ranks_ == nullptr || ranks_->rank() == 0; }
    fs::path folder(int i) const { return shard_folder(base_, {i, count_}); }
    std::size_t size_of(int i) const {
        const auto n = static_cast<std::size_t>(count_);
        return (config_.networks.size() + n - 1 - static_cast<std::size_t>(i)) / n;
    }
    /// A damaged shard is not; whoever takes it says what is wrong with it.
    bool is_finished(int i) const {
        try {
            return shoal::is_finished({folder(i)}, config_, {i, count_},
                                      extent_ == Extent::train_only);
        } catch (const Error& error) {
            if (error.code() != ExitCode::file) {
                throw;
            }
            return false;
        }
    }

    /// The number of shards, and that a run may begin in their folders: the first rank sees to it.
    int agreed_count() {
        int count = 0;
        if (first()) {
            try {
                count = count_shards();
                clear_folders(count);
            } catch (const Error&) {
                if (ranks_ != nullptr) {
                    ranks_->from_first(0);
                }
                throw;
            }
        }
        count = ranks_ != nullptr ? ranks_->from_first(count) : count;
        if (count == 0) {
            throw usage_error("the first rank says why");
        }
        return count;
    }

    int count_shards() const {
        const Shard shard = parse_shard(options_.shard);
        if (shard.index == Shard::any) {
            if (static_cast<std::size_t>(shard.count) > config_.networks.size()) {
                throw usage_error(fmt::format("--shard any/{}: the configuration has {} networks",
                                              shard.count, config_.networks.size()));
            }
            return shard.count;
        }
        if (shard.count > 1) {
            throw usage_error(
                fmt::format("--shard {}: the processes that mpirun starts share out shards by "
                            "themselves; leave it out, or give their number with --shard any/n",
                            options_.shard));
        }
        if (options_.resume || options_.force) {
            if (const auto there = shards_on_disk(base_)) {
                return *there;
            }
        }
        const auto backend = open_backend(options_.compute, Precision::fp32);
        return shards_for(config_.networks.size(), backend->networks_at_once(), ranks_->count());
    }

    void clear_folders(int count) const {
        if (options_.resume && options_.force) {
            throw usage_error("--resume and --force contradict each other: choose one");
        }
        for (int i = 0; i < count && !options_.resume; ++i) {
            const fs::path folder = shard_folder(base_, {i, count});
            if (options_.force) {
                delete_run(folder);
            } else if (fs::exists(RunPaths{folder}.config())) {
                throw usage_error(fmt::format(
                    "{} already holds a run; go on (or join in) with --resume, start again with "
                    "--force, or choose another folder with --out",
                    folder.string()));
            }
        }
    }

    /// Works on every shard that it gets hold of; true: some are still worked on by others.
    bool take_shards(SharedProgress& progress) {
        std::vector<int> left;
        for (std::size_t k = 0; k < waiting_.size(); ++k) {
            if (stop_requested()) {
                throw interruption();
            }
            if (!take(waiting_[k], progress)) {
                left.push_back(waiting_[k]);
            }
        }
        waiting_ = std::move(left);
        return !waiting_.empty();
    }

    Error interruption() const {
        return {ExitCode::interrupted, fmt::format("{}; a checkpoint was written. Go on with: {}",
                                                   stop_reason(), resume_)};
    }

    /// False: another process has it.
    bool take(int i, SharedProgress& progress) {
        if (is_finished(i)) {
            count_finished_elsewhere(i, progress);
            return true;
        }
        RunOptions options = options_;
        options.shard = count_ > 1 ? fmt::format("{}/{}", i, count_) : std::string();
        options.out = folder(i).string();
        Progress mine(progress_mode(false));
        mine.listen([&](const Progress::Numbers& n) {
            ShardNumbers numbers{
                i,        n.stage == "analysis", n.networks,        n.done, n.accepted,
                n.failed, n.work_done,           n.steps_per_second};
            if (!n.doing.empty()) {
                n.doing.front().copy(numbers.doing, sizeof numbers.doing - 1);
            }
            progress.report(numbers);
        });
        try {
            StagedRun staged = run_stages(config_, command_, options, extent_, mine);
            mine.finish_stage();
            if (staged.was_finished) {  // since the look at it above
                count_finished_elsewhere(i, progress);
            } else if (extent_ == Extent::everything) {
                mark_finished(staged.run);
            }
        } catch (const FolderBusy&) {
            return false;
        } catch (const Error& error) {
            if (error.code() == ExitCode::interrupted) {
                throw interruption();
            }
            problem_code_ = error.code();
            warn(progress, i, error.what());
        } catch (const std::exception& error) {
            warn(progress, i, error.what());
        }
        return true;
    }

    /// Other ranks report what they finish; processes without ranks only leave it on the disk.
    void count_finished_elsewhere(int i, SharedProgress& progress) {
        if (ranks_ == nullptr) {
            progress.finished_elsewhere(i, size_of(i));
            ++finished_elsewhere_;
        }
    }

    /// One bad shard never harms the others.
    void warn(SharedProgress& progress, int i, const char* problem) const {
        progress.warning(fmt::format("shard {}/{}: {}", i, count_, problem));
    }

    const Config& config_;
    RunOptions options_;
    Extent extent_;
    Ranks* ranks_;
    fs::path base_;
    int count_;
    std::string command_;
    std::string resume_;
    std::vector<int> waiting_;
    int finished_elsewhere_ = 0;  ///< shards, meanwhile, by processes without ranks
    ExitCode problem_code_ = ExitCode::failure;
};

}  // namespace

int shards_for(std::size_t networks, std::size_t networks_at_once, int ranks) {
    const auto least = static_cast<std::size_t>(ranks);
    const std::size_t wanted =
        std::clamp(networks / std::max<std::size_t>(1, networks_at_once), least, 8 * least);
    return static_cast<int>(std::clamp<std::size_t>(networks, 1, wanted));
}

void run_shared(const Config& config, const std::string& command, const RunOptions& options,
                Extent extent, Ranks* ranks, const Conclude& conclude) {
    begin_work(options);
    SharedRun run(config, command, options, extent, ranks);
    const StopScope scope(run.resume());
    const bool all_alive = run.work();
    resumable(run.resume(), [&] { run.end(all_alive, conclude); });
}

}  // namespace shoal
