// SPDX-License-Identifier: MIT
#include "train/trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <map>
#include <unordered_map>
#include <utility>

#include "backend/readout_groups.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/stop.hpp"
#include "model/network.hpp"
#include "store/exchange_files.hpp"
#include "task/task.hpp"
#include "train/acceptance.hpp"
#include "train/checkpoint.hpp"
#include "train/forecast.hpp"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A network in training.
struct Member {
    const NetworkSpec* spec = nullptr;
    std::shared_ptr<const Task> task;
    std::string trials_id;  ///< members with equal ids see the same trials
    int handle = -1;
    int trials_done = 0;
    std::int64_t diverged_step = -1;
    std::vector<int> order;  ///< types of its training trials
    std::vector<float> error_curve;

    bool ended() const { return diverged_step >= 0 || trials_done == spec->training.trials; }
};

class Wave {
  public:
    Wave(const Config& config, Backend& backend, const TrainerOptions& options,
         SegmentStore<TrainedNetwork>& finished, Progress& progress)
        : config_(config),
          backend_(backend),
          finished_(finished),
          progress_(progress),
          checkpoint_folder_(options.checkpoint),
          checkpoint_(options.checkpoint, backend.precision()),
          max_memory_(options.max_memory),
          plan_(config, backend, options.max_memory),
          wanted_interval_(options.checkpoint_seconds),
          session_(backend.force_session()),
          networks_(load_initial_weights) {
        for (const std::size_t i : training_sequence(config)) {
            const NetworkSpec& spec = config.networks[i];
            total_trials_ += spec.training.trials;
            if (finished.contains(spec.uid)) {
                count(*finished.read(spec.uid));
                trials_done_ += spec.training.trials;
            } else {
                queue_.push_back(&spec);
            }
        }
        resume();
    }

    void run() {
        refill();
        last_checkpoint_ = Clock::now();
        while (!members_.empty()) {
            run_trial();
            finish_ended();
            show_progress();
            if (stop_requested()) {
                write_checkpoint();
                finish_writing();
                throw Error(ExitCode::interrupted, stop_reason());
            }
            if (seconds_since(last_checkpoint_) >= interval_) {
                write_checkpoint();
            }
            refill();
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
        member.trials_id = trial_identity(spec);
        auto& task = tasks_[task_identity(spec)];
        if (!task) {
            task = make_task(spec.task, spec.network, spec.training.error, load_task_trials);
        }
        member.task = task;
        member.order = task->training_order(spec.key(), spec.training.trials);
        const TaskShape shape = task->shape();
        const NetworkModel model = networks_.make(spec, shape.inputs, shape.outputs);
        const ForceRule rule = force_rule(spec.training.alpha, *task);
        if (saved != nullptr) {
            check(saved->state.state.size() == static_cast<std::size_t>(model.units) &&
                      saved->trials_done <= spec.training.trials,
                  "checkpoint does not fit its network");
            member.trials_done = saved->trials_done;
            member.error_curve = saved->error_curve;
            trials_done_ += saved->trials_done;
        }
        plan_.enter(spec);
        member.handle = session_->add(model, rule, saved != nullptr ? &saved->state : nullptr);
        members_.push_back(std::move(member));
    }

    /// Takes networks from the queue while there is room. An empty wave starts with whole groups.
    void refill() {
        while (next_ < queue_.size() && plan_.room_for(*queue_[next_])) {
            add(*queue_[next_], nullptr);
            ++next_;
        }
    }

    void run_trial() {
        // Members that share task, key and trial number see one and the same trial.
        std::map<std::pair<std::string, int>, std::size_t> wanted;
        std::vector<const Member*> first;
        for (const Member& member : members_) {
            if (!drawn_by_session(member) &&
                wanted.emplace(std::pair(member.trials_id, member.trials_done), first.size())
                    .second) {
                first.push_back(&member);
            }
        }
        trials_.resize(std::max(trials_.size(), first.size()));
        parallel_for(first.size(), backend_.threads(), [&](std::size_t i, int) {
            const Member& m = *first[i];
            m.task->training_trial(m.spec->key(), m.trials_done,
                                   m.order[static_cast<std::size_t>(m.trials_done)], trials_[i]);
        });

        std::vector<ForceSession::Work> work;
        for (const Member& member : members_) {
            ForceSession::Work& one = work.emplace_back();
            one.handle = member.handle;
            one.first_step = std::int64_t{member.trials_done} * member.task->shape().steps;
            if (drawn_by_session(member)) {
                one.drawn = {member.task->recipe(), member.spec->key(), member.trials_done,
                             member.order[static_cast<std::size_t>(member.trials_done)]};
            } else {
                one.trial = &trials_[wanted.at({member.trials_id, member.trials_done})];
            }
        }
        std::vector<TrialOutcome> outcomes(work.size());
        session_->run_trial(work, outcomes);
        for (std::size_t i = 0; i < members_.size(); ++i) {
            Member& member = members_[i];
            if (outcomes[i].diverged_at >= 0) {
                member.diverged_step = work[i].first_step + outcomes[i].diverged_at;
                trials_done_ += member.spec->training.trials - member.trials_done;
                continue;
            }
            for (const double error : outcomes[i].rms_error) {
                member.error_curve.push_back(static_cast<float>(error));
            }
            ++member.trials_done;
            ++trials_done_;
            steps_run_ += member.task->shape().steps;
        }
    }

    bool drawn_by_session(const Member& member) const {
        return session_->draws_trials() && member.task->recipe() != nullptr;
    }

    /// Tests the networks that ended, stores their records and frees their places.
    void finish_ended() {
        std::vector<TrainedNetwork> records;
        std::vector<NetworkModel> models;
        std::vector<Candidate> candidates;
        std::vector<std::size_t> record_of_candidate;
        const auto ended = std::stable_partition(members_.begin(), members_.end(),
                                                 [](const Member& m) { return !m.ended(); });
        if (ended == members_.end()) {
            return;
        }
        models.reserve(static_cast<std::size_t>(members_.end() - ended));
        for (auto member = ended; member != members_.end(); ++member) {
            ForceState state = session_->state(member->handle, ForceSession::Parts::weights);
            TrainedNetwork record;
            record.uid = member->spec->uid;
            record.status = member->diverged_step >= 0 ? Status::diverged : Status::trained;
            record.trials_done = member->trials_done;
            record.diverged_step = member->diverged_step;
            record.error_curve = std::move(member->error_curve);
            record.readout = state.readout;
            record.state = state.state;
            if (record.status == Status::trained) {
                const TaskShape shape = member->task->shape();
                NetworkModel& model =
                    models.emplace_back(networks_.make(*member->spec, shape.inputs, shape.outputs));
                model.readout = std::move(state.readout);
                model.initial_state = std::move(state.state);
                candidates.push_back({&model, member->task.get(), member->spec->key()});
                record_of_candidate.push_back(records.size());
            }
            records.push_back(std::move(record));
        }
        const std::size_t batch = test_batch(backend_);
        for (std::size_t from = 0; from < candidates.size(); from += batch) {
            const std::size_t size = std::min(batch, candidates.size() - from);
            auto outcomes = test_networks(backend_, std::span(candidates).subspan(from, size));
            for (std::size_t i = 0; i < size; ++i) {
                TrainedNetwork& record = records[record_of_candidate[from + i]];
                record.conclusions = std::move(outcomes[i].conclusions);
                record.acceptance = std::move(outcomes[i].acceptance);
            }
        }
        finished_.append(records);
        for (const TrainedNetwork& record : records) {
            count(record);
        }
        for (auto member = ended; member != members_.end(); ++member) {
            session_->remove(member->handle);
            plan_.leave(*member->spec);
        }
        members_.erase(ended, members_.end());
    }

    /// Writes a checkpoint: beside the training that goes on, if the session copies its networks.
    void write_checkpoint() {
        const auto start = Clock::now();
        finish_writing();
        std::vector<int> handles;
        auto networks = std::make_shared<std::vector<ActiveNetwork>>();
        for (const Member& member : members_) {
            handles.push_back(member.handle);
            networks->push_back({member.spec->uid, member.trials_done, member.error_curve, {}});
        }
        if (std::shared_ptr<const ForceSnapshot> snapshot = session_->snapshot(handles)) {
            writing_ = std::async(std::launch::async, [this, networks, snapshot] {
                checkpoint_.write(networks->size(), [&](std::size_t i) {
                    ActiveNetwork network = std::move((*networks)[i]);
                    network.state = snapshot->state(i);
                    return network;
                });
            });
        } else {
            checkpoint_.write(networks->size(), [&](std::size_t i) {
                ActiveNetwork network = std::move((*networks)[i]);
                network.state = session_->state(handles[i], ForceSession::Parts::everything);
                return network;
            });
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

    void show_progress() {
        progress_.update(
            {"training", config_.networks.size(), done_, accepted_, failed_,
             static_cast<double>(trials_done_) / std::max(1.0, static_cast<double>(total_trials_)),
             static_cast<double>(steps_run_) / seconds_since(start_)});
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
    std::unique_ptr<ForceSession> session_;
    NetworkFactory networks_;
    std::map<std::string, std::shared_ptr<const Task>> tasks_;
    std::vector<const NetworkSpec*> queue_;
    std::size_t next_ = 0;
    std::vector<Member> members_;
    std::vector<Trial> trials_;
    Clock::time_point start_ = Clock::now();
    Clock::time_point last_checkpoint_;
    std::int64_t total_trials_ = 0;
    std::int64_t trials_done_ = 0;
    std::int64_t steps_run_ = 0;
    std::size_t done_ = 0;
    std::size_t accepted_ = 0;
    std::size_t failed_ = 0;
    std::future<void> writing_;  // last: its work is waited for before anything else goes
};

}  // namespace

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
    std::filesystem::create_directories(options.checkpoint);
    Wave(config, backend, options, finished, progress).run();
}

}  // namespace shoal
