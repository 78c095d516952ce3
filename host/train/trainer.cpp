// SPDX-License-Identifier: MIT
#include "train/trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <iterator>
#include <map>
#include <span>
#include <unordered_map>
#include <utility>

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/stop.hpp"
#include "model/network.hpp"
#include "store/exchange_files.hpp"
#include "task/task.hpp"
#include "train/acceptance.hpp"
#include "train/checkpoint.hpp"
#include "train/forecast.hpp"
#include "train/method.hpp"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

class Wave {
  public:
    Wave(const Config& config, TrainingMethod method, Backend& backend,
         const TrainerOptions& options, SegmentStore<TrainedNetwork>& finished, Progress& progress)
        : config_(config),
          backend_(backend),
          finished_(finished),
          progress_(progress),
          checkpoint_folder_(options.checkpoint),
          checkpoint_(options.checkpoint, backend.precision()),
          max_memory_(options.max_memory),
          plan_(config, backend, options.max_memory, options.memory_share),
          wanted_interval_(options.checkpoint_seconds),
          method_(make_method(method, backend)),
          networks_(load_initial_weights) {
        for (const std::size_t i : training_sequence(config)) {
            const NetworkSpec& spec = config.networks[i];
            total_rounds_ += rounds_of(spec.training);
            if (finished.contains(spec.uid)) {
                count(*finished.read(spec.uid));
                rounds_done_ += rounds_of(spec.training);
            } else if (spec.training.method == method) {
                queue_.push_back(&spec);
            }
        }
        resume();
    }

    void run() {
        last_checkpoint_ = Clock::now();
        while (fill()) {
            run_round();
            finish_ended();
            show_progress();
            if (stop_requested()) {
                stop();
            }
            if (seconds_since(last_checkpoint_) >= interval_) {
                write_checkpoint();
            }
        }
        finish_writing();
        progress_.finish_stage();
    }

  private:
    void resume() {
        std::unordered_map<std::string, const NetworkSpec*> waiting;
        for (const NetworkSpec* spec : queue_) {
            waiting.emplace(spec->uid, spec);
        }
        const std::string warning = checkpoint_.read([&](ActiveNetwork&& saved) {
            const auto found = waiting.find(saved.uid);
            if (found == waiting.end()) {
                return;  // finished after that checkpoint, or not of this run
            }
            // A limit that was given is kept; what happens to be free now does not stop a resume.
            if (max_memory_ > 0 && !plan_.fits(*found->second)) {
                throw usage_error(fmt::format(
                    "{}: the networks of the checkpoint take more than the {:.1f} MB of "
                    "--max-memory; go on with as much as before",
                    checkpoint_folder_.string(), static_cast<double>(max_memory_) / 1e6));
            }
            add(*found->second, &saved);
            waiting.erase(found);
        });
        if (!warning.empty()) {
            progress_.warning(warning);
        }
        std::erase_if(queue_,
                      [&](const NetworkSpec* spec) { return !waiting.contains(spec->uid); });
    }

    void add(const NetworkSpec& spec, const ActiveNetwork* saved) {
        Member member;
        member.spec = &spec;
        member.task = shared_task(spec);
        member.trials_id = {spec.seed, spec.replicate, training_trials(spec.training),
                            member.task.get()};
        member.order = order_of(member);
        const TaskShape shape = member.task->shape();
        const NetworkModel model = networks_.make(spec, shape.inputs, shape.outputs);
        if (saved != nullptr) {
            require_fit(saved->rounds_done >= 0 && saved->rounds_done <= rounds_of(spec.training),
                        spec.uid);
            member.rounds_done = saved->rounds_done;
            member.curve = saved->curve;
            rounds_done_ += saved->rounds_done;
        }
        plan_.enter(spec);
        method_->add(member, model, saved);
        members_.push_back(std::move(member));
    }

    /// Types of a member's training trials; members that see the same trials share them.
    std::shared_ptr<const std::vector<int>> order_of(const Member& member) {
        auto& known = orders_[member.trials_id];
        auto order = known.lock();
        if (!order) {
            order = std::make_shared<const std::vector<int>>(member.task->training_order(
                member.spec->key(), training_trials(member.spec->training)));
            known = order;
        }
        return order;
    }

    /// Takes networks from the queue while there is room. An empty wave starts with whole groups.
    void refill() {
        while (next_ < queue_.size() && plan_.room_for(*queue_[next_])) {
            add(*queue_[next_], nullptr);
            ++next_;
        }
    }

    /// Fills the wave; finishes at once what has nothing to train. False: all is done.
    bool fill() {
        do {
            refill();
            finish_ended();
        } while (members_.empty() && next_ < queue_.size());
        return !members_.empty();
    }

    void run_round() {
        std::vector<int> before;
        for (const Member& member : members_) {
            before.push_back(member.rounds_done);
        }
        method_->advance(members_);
        for (std::size_t i = 0; i < members_.size(); ++i) {
            const Member& member = members_[i];
            const int rounds = member.rounds_done - before[i];
            const int left = rounds_of(member.spec->training) - member.rounds_done;
            rounds_done_ += rounds + (member.ended() ? left : 0);
            steps_run_ += rounds * steps_of_round(member.spec->training, member.task->shape());
        }
    }

    /// Tests the networks that ended, stores their records and frees their places. INT and TERM end
    /// the tests: what is trained and not tested stays in the wave.
    void finish_ended() {
        const auto ended = std::stable_partition(members_.begin(), members_.end(),
                                                 [](const Member& m) { return !m.ended(); });
        // What diverged is not tested, and never stays: its state is none to go on from.
        const auto to_test = std::stable_partition(
            ended, members_.end(), [](const Member& m) { return m.diverged_step >= 0; });
        std::vector<TrainedNetwork> records = results_of(std::span(ended, to_test));
        bool stopped = false;
        try {
            const StopPoints stop_points(StopFor::int_and_term);
            for (auto from = to_test; from != members_.end();) {
                stop_point();
                show_progress({fmt::format("testing {} of {} trained networks", from - to_test + 1,
                                           members_.end() - to_test)});
                const auto size = std::min<std::ptrdiff_t>(
                    static_cast<std::ptrdiff_t>(test_batch(backend_)), members_.end() - from);
                auto more = results_of(std::span(from, from + size));
                records.insert(records.end(), std::make_move_iterator(more.begin()),
                               std::make_move_iterator(more.end()));
                from += size;
            }
        } catch (const Error& error) {
            if (error.code() != ExitCode::interrupted) {
                throw;
            }
            stopped = true;
        }
        store(records, ended);
        if (stopped) {
            stop();
        }
        if (!records.empty()) {
            show_progress();  // these may have been the last ones, found trained in a checkpoint
        }
    }

    /// Records of members that ended, tested unless they diverged.
    std::vector<TrainedNetwork> results_of(std::span<const Member> ended) {
        std::vector<TrainedNetwork> records;
        std::vector<NetworkModel> models;
        std::vector<Candidate> candidates;
        std::vector<std::size_t> record_of_candidate;
        models.reserve(ended.size());
        for (const Member& member : ended) {
            TrainedNetwork record;
            record.uid = member.spec->uid;
            record.status = member.diverged_step >= 0 ? Status::diverged : Status::trained;
            record.trials_done = member.rounds_done;
            record.diverged_step = member.diverged_step;
            const TaskShape shape = member.task->shape();
            NetworkModel& model =
                models.emplace_back(networks_.make(*member.spec, shape.inputs, shape.outputs));
            method_->finish(member, record, model);
            if (record.status == Status::trained) {
                candidates.push_back({&model, member.task.get(), member.spec->key(),
                                      accept_rule(*member.spec, *member.task),
                                      member.spec->training.loss == Loss::cross_entropy});
                record_of_candidate.push_back(records.size());
            }
            records.push_back(std::move(record));
        }
        if (candidates.empty()) {
            return records;
        }
        auto outcomes = method_->test(candidates);
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            TrainedNetwork& record = records[record_of_candidate[i]];
            record.conclusions = std::move(outcomes[i].conclusions);
            record.acceptance = std::move(outcomes[i].acceptance);
        }
        return records;
    }

    /// Stores the records of the members from `first` on, and takes these out of the wave.
    void store(const std::vector<TrainedNetwork>& records, std::vector<Member>::iterator first) {
        if (records.empty()) {
            return;
        }
        finished_.append(records);
        for (const TrainedNetwork& record : records) {
            count(record);
        }
        const auto last = first + static_cast<std::ptrdiff_t>(records.size());
        for (auto member = first; member != last; ++member) {
            method_->remove(*member);
            plan_.leave(*member->spec);
        }
        members_.erase(first, last);
    }

    [[noreturn]] void stop() {
        write_checkpoint();
        finish_writing();
        throw Error(ExitCode::interrupted, stop_reason());
    }

    /// Writes a checkpoint: beside the training that goes on, if the session copies its networks.
    void write_checkpoint() {
        const auto start = Clock::now();
        finish_writing();
        bool copied = false;
        const SavedState state = method_->save(members_, copied);
        auto networks = std::make_shared<std::vector<ActiveNetwork>>();
        for (const Member& member : members_) {
            networks->push_back({member.spec->uid, member.rounds_done, member.curve, {}});
        }
        const auto write = [this, networks, state] {
            checkpoint_.write(networks->size(), [&](std::size_t i) {
                ActiveNetwork network = std::move((*networks)[i]);
                network.state = state(i);
                return network;
            });
        };
        if (copied) {
            writing_ = std::async(std::launch::async, write);
        } else {
            write();
        }
        // Training may wait 5 % of the time at most; aim for 2 %.
        interval_ = std::max(wanted_interval_, 50.0 * seconds_since(start));
        last_checkpoint_ = Clock::now();
    }

    /// Waits for a checkpoint that is being written; throws what went wrong there.
    void finish_writing() {
        if (writing_.valid()) {
            writing_.get();
        }
    }

    void count(const TrainedNetwork& record) {
        ++done_;
        ++(record.acceptance.accepted ? accepted_ : failed_);
    }

    void show_progress(std::vector<std::string> doing = {}) {
        progress_.update(
            {"training", config_.networks.size(), done_, accepted_, failed_,
             static_cast<double>(rounds_done_) / std::max(1.0, static_cast<double>(total_rounds_)),
             static_cast<double>(steps_run_) / seconds_since(start_), std::move(doing)});
    }

    const Config& config_;
    Backend& backend_;
    SegmentStore<TrainedNetwork>& finished_;
    Progress& progress_;
    std::filesystem::path checkpoint_folder_;
    CheckpointFiles checkpoint_;
    std::uint64_t max_memory_;
    WavePlan plan_;
    double wanted_interval_;
    double interval_ = wanted_interval_;
    std::unique_ptr<Method> method_;
    NetworkFactory networks_;
    std::vector<const NetworkSpec*> queue_;
    std::size_t next_ = 0;
    std::vector<Member> members_;
    std::map<TrialsId, std::weak_ptr<const std::vector<int>>> orders_;
    Clock::time_point start_ = Clock::now();
    Clock::time_point last_checkpoint_;
    std::int64_t total_rounds_ = 0;
    std::int64_t rounds_done_ = 0;
    std::int64_t steps_run_ = 0;
    std::size_t done_ = 0;
    std::size_t accepted_ = 0;
    std::size_t failed_ = 0;
    std::future<void> writing_;  // last: its work is waited for before anything else goes
};

}  // namespace

bool Member::ended() const {
    return diverged_step >= 0 || ended_early || rounds_done == rounds_of(spec->training);
}

int rounds_of(const TrainingConfig& training) {
    return training.method == TrainingMethod::force ? training.trials : training.iterations;
}

std::int64_t steps_of_round(const TrainingConfig& training, const TaskShape& shape) {
    const int trials = training.method == TrainingMethod::force ? 1 : training.batch;
    return std::int64_t{shape.steps} * trials;
}

void require_fit(bool fits, const std::string& uid) {
    if (!fits) {
        throw file_error(fmt::format(
            "the checkpoint does not fit network {}: remove the active-*.bin files to train their "
            "networks from the start; finished ones are kept",
            uid));
    }
}

std::unique_ptr<Method> make_method(TrainingMethod method, Backend& backend) {
    return method == TrainingMethod::force ? make_force_method(backend)
                                           : make_gradient_method(backend);
}

std::vector<std::size_t> training_sequence(const Config& config) {
    std::map<std::string, std::size_t> group_of;
    std::vector<std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < config.networks.size(); ++i) {
        const auto [found, fresh] =
            group_of.emplace(recurrent_identity(config.networks[i]), groups.size());
        if (fresh) {
            groups.emplace_back();
        }
        groups[found->second].push_back(i);
    }
    std::vector<std::size_t> sequence;
    for (const auto& group : groups) {
        sequence.insert(sequence.end(), group.begin(), group.end());
    }
    return sequence;
}

void train_population(const Config& config, Backend& backend, const TrainerOptions& options,
                      SegmentStore<TrainedNetwork>& finished, Progress& progress) {
    create_folders(options.checkpoint);
    for (const TrainingMethod method : {TrainingMethod::force, TrainingMethod::bptt}) {
        if (std::any_of(config.networks.begin(), config.networks.end(),
                        [&](const NetworkSpec& s) { return s.training.method == method; })) {
            Wave(config, method, backend, options, finished, progress).run();
        }
    }
}

}  // namespace shoal
