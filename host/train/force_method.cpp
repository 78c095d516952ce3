// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>
#include <utility>

#include "backend/readout_groups.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "train/method.hpp"

namespace shoal {
namespace {

/// Sessions take a saved state as it is.
bool fits(const ForceState& state, const NetworkModel& model, const ForceRule& rule) {
    const auto units = static_cast<std::size_t>(model.units);
    const auto outputs = static_cast<std::size_t>(model.outputs);
    const auto& all_p = state.inverse_correlation;
    return state.state.size() == units && state.readout.size() == outputs * units &&
           state.output.size() == outputs &&
           all_p.size() == static_cast<std::size_t>(group_count(rule)) &&
           std::all_of(all_p.begin(), all_p.end(),
                       [&](const auto& p) { return p.size() == units * (units + 1) / 2; });
}

class ForceMethod final : public Method {
  public:
    explicit ForceMethod(Backend& backend) : backend_(backend), session_(backend.force_session()) {}

    void add(Member& member, const NetworkModel& model, const ActiveNetwork* saved) override {
        const ForceRule rule = force_rule(member.spec->training.alpha, *member.task);
        const ForceState* state =
            saved != nullptr ? std::get_if<ForceState>(&saved->state) : nullptr;
        if (saved != nullptr) {
            require_fit(state != nullptr && fits(*state, model, rule) &&
                            saved->curve.size() == static_cast<std::size_t>(saved->rounds_done) *
                                                       static_cast<std::size_t>(model.outputs),
                        saved->uid);
        }
        member.handle = session_->add(model, rule, state);
    }
    void remove(const Member& member) override { session_->remove(member.handle); }

    void advance(std::vector<Member>& members) override {
        // Members that share task, key and trial number see one and the same trial.
        std::map<std::pair<TrialsId, int>, std::size_t> wanted;
        std::vector<const Member*> first;
        for (const Member& member : members) {
            if (!drawn_by_session(member) &&
                wanted.emplace(std::pair(member.trials_id, member.rounds_done), first.size())
                    .second) {
                first.push_back(&member);
            }
        }
        trials_.resize(std::max(trials_.size(), first.size()));
        parallel_for(first.size(), backend_.threads(), [&](std::size_t i, int) {
            const Member& m = *first[i];
            m.task->training_trial(m.spec->key(), m.rounds_done, type_of(m), trials_[i]);
        });

        std::vector<ForceSession::Work> work;
        for (const Member& member : members) {
            ForceSession::Work& one = work.emplace_back();
            one.handle = member.handle;
            one.first_step = std::int64_t{member.rounds_done} * member.task->shape().steps;
            if (drawn_by_session(member)) {
                one.drawn = {member.task->recipe(), member.spec->key(), member.rounds_done,
                             type_of(member)};
            } else {
                one.trial = &trials_[wanted.at({member.trials_id, member.rounds_done})];
            }
        }
        std::vector<TrialOutcome> outcomes(work.size());
        session_->run_trial(work, outcomes);
        for (std::size_t i = 0; i < members.size(); ++i) {
            Member& member = members[i];
            if (outcomes[i].diverged_at >= 0) {
                member.diverged_step = work[i].first_step + outcomes[i].diverged_at;
                continue;
            }
            for (const double error : outcomes[i].rms_error) {
                member.curve.push_back(static_cast<float>(error));
            }
            ++member.rounds_done;
        }
    }

    void finish(const Member& member, TrainedNetwork& record, NetworkModel& model) const override {
        ForceState state = session_->state(member.handle, ForceSession::Parts::weights);
        record.error_curve = member.curve;
        record.readout = state.readout;
        record.state = state.state;
        model.readout = std::move(state.readout);
        model.initial_state = std::move(state.state);
    }
    std::vector<TestOutcome> test(std::span<const Candidate> candidates) const override {
        return test_networks(backend_, candidates);
    }

    SavedState save(const std::vector<Member>& members, bool& copied) const override {
        std::vector<int> handles;
        for (const Member& member : members) {
            handles.push_back(member.handle);
        }
        if (std::shared_ptr<const ForceSnapshot> snapshot = session_->snapshot(handles)) {
            copied = true;
            return [snapshot](std::size_t i) { return snapshot->state(i); };
        }
        copied = false;
        return [this, handles](std::size_t i) {
            return session_->state(handles[i], ForceSession::Parts::everything);
        };
    }

  private:
    bool drawn_by_session(const Member& member) const {
        const TrialRecipe* recipe = member.task->recipe();
        return recipe != nullptr && session_->draws(*recipe);
    }
    static int type_of(const Member& member) {
        return (*member.order)[static_cast<std::size_t>(member.rounds_done)];
    }

    Backend& backend_;
    std::unique_ptr<ForceSession> session_;
    std::vector<Trial> trials_;
};

}  // namespace

std::unique_ptr<Method> make_force_method(Backend& backend) {
    return std::make_unique<ForceMethod>(backend);
}

}  // namespace shoal
