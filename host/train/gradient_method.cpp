// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "train/early_stop.hpp"
#include "train/method.hpp"

namespace shoal {
namespace {

/// Batches in memory at once take about this much at most (one always fits).
constexpr std::size_t batch_bytes = std::size_t{256} << 20;

class GradientMethod final : public Method {
  public:
    explicit GradientMethod(Backend& backend)
        : backend_(backend), session_(backend.gradient_session()) {}

    void add(Member& member, const NetworkModel& model, const ActiveNetwork* saved) override {
        const GradientState* state =
            saved != nullptr ? std::get_if<GradientState>(&saved->state) : nullptr;
        const GradientRule rule = gradient_rule(*member.spec, *member.task);
        if (saved != nullptr) {
            const std::size_t size = WeightLayout(rule.shape).size;
            const bool adam = rule.training.optimizer == Optimizer::adam;
            require_fit(state != nullptr && state->weights.size() == size &&
                            state->first_moment.size() == size &&
                            state->second_moment.size() == (adam ? size : 0) &&
                            saved->curve.size() == static_cast<std::size_t>(saved->rounds_done),
                        saved->uid);
        }
        member.handle = session_->add(model, rule, state);
        EarlyStopping& stop = stops_[member.handle];
        stop = {};
        for (const float loss : member.curve) {
            member.ended_early = stop.observe(member.spec->training, loss);
        }
    }
    void remove(const Member& member) override {
        session_->remove(member.handle);
        stops_.erase(member.handle);
    }

    void advance(std::vector<Member>& members) override {
        for (std::size_t from = 0; from < members.size();) {
            from = advance_some(members, from);
        }
    }

    void finish(const Member& member, TrainedNetwork& record, NetworkModel& model) const override {
        const GradientState state = session_->state(member.handle);
        const WeightLayout at(gradient_rule(*member.spec, *member.task).shape);
        record.loss_curve = member.curve;
        record.weights.assign(state.weights.begin(),
                              state.weights.begin() + static_cast<std::ptrdiff_t>(at.factor_u));
        set_weights(model, record.weights);
        record.readout = model.readout;
        record.state = model.initial_state;
    }
    std::vector<TestOutcome> test(std::span<const Candidate> candidates) const override {
        return test_solutions(backend_, candidates);
    }

    SavedState save(const std::vector<Member>& members, bool& copied) const override {
        auto states = std::make_shared<std::vector<GradientState>>();
        for (const Member& member : members) {
            states->push_back(session_->state(member.handle));
        }
        copied = true;
        return [states](std::size_t i) { return std::move((*states)[i]); };
    }

  private:
    /// One iteration of members from `from` on, as many as their batches may take; returns the
    /// next.
    std::size_t advance_some(std::vector<Member>& members, std::size_t from) {
        // Members that share task, key and iteration see one and the same batch.
        std::map<BatchName, std::size_t> wanted;
        std::vector<const Member*> first;
        std::size_t bytes = 0;
        std::size_t to = from;
        for (; to < members.size(); ++to) {
            const Member& member = members[to];
            const auto name = batch_name(member);
            if (wanted.contains(name)) {
                continue;
            }
            const std::size_t size = size_of_batch(member);
            if (!first.empty() && bytes + size > batch_bytes) {
                break;
            }
            bytes += size;
            wanted.emplace(name, first.size());
            first.push_back(&member);
        }
        std::vector<TrialBatch> batches(first.size());
        parallel_for(first.size(), backend_.threads(), [&](std::size_t i, int) {
            const Member& m = *first[i];
            const int trials = m.spec->training.batch;
            batches[i] = training_batch(*m.task, m.spec->key(), *m.order,
                                        std::int64_t{m.rounds_done} * trials, trials);
        });

        std::vector<GradientSession::Work> work;
        for (std::size_t i = from; i < to; ++i) {
            work.push_back({members[i].handle, &batches[wanted.at(batch_name(members[i]))],
                            members[i].rounds_done});
        }
        std::vector<IterationOutcome> outcomes(work.size());
        session_->run_iteration(work, outcomes);
        for (std::size_t i = from; i < to; ++i) {
            Member& member = members[i];
            const IterationOutcome& outcome = outcomes[i - from];
            if (outcome.diverged) {
                member.diverged_step = member.rounds_done;
                continue;
            }
            const auto loss = static_cast<float>(outcome.loss);
            member.curve.push_back(loss);
            ++member.rounds_done;
            member.ended_early = stops_.at(member.handle).observe(member.spec->training, loss);
        }
        return to;
    }

    /// What two members must share to share a batch.
    using BatchName = std::tuple<TrialsId, int, int>;
    static BatchName batch_name(const Member& member) {
        return {member.trials_id, member.spec->training.batch, member.rounds_done};
    }
    static std::size_t size_of_batch(const Member& member) {
        const TaskShape shape = member.task->shape();
        return static_cast<std::size_t>(shape.steps) *
               static_cast<std::size_t>(member.spec->training.batch) *
               static_cast<std::size_t>(8 * shape.inputs + 9 * shape.outputs);
    }

    Backend& backend_;
    std::unique_ptr<GradientSession> session_;
    std::map<int, EarlyStopping> stops_;  ///< by handle
};

}  // namespace

std::unique_ptr<Method> make_gradient_method(Backend& backend) {
    return std::make_unique<GradientMethod>(backend);
}

}  // namespace shoal
