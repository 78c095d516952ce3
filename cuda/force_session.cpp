// SPDX-License-Identifier: MIT
#include "force_session.hpp"

#include <array>
#include <cmath>
#include <map>

#include "backend/readout_groups.hpp"
#include "core/error.hpp"
#include "core/memory.hpp"
#include "force_member.hpp"
#include "launch/launch.hpp"
#include "streamed_trials.hpp"
#include "trial_store.hpp"

namespace shoal::cuda {
namespace {

constexpr std::array on_chip_routes = {Route::tile32, Route::tile64, Route::tile128,
                                       Route::tile204};

/// What a launch tells the host, for all networks of a call.
struct Sums {
    DeviceArray<double> squared_error;
    DeviceArray<int> terms;
    DeviceArray<int> diverged_at;
    PinnedArray<double> h_squared_error;
    PinnedArray<int> h_terms;
    PinnedArray<int> h_diverged_at;

    void make_room(std::size_t networks, std::size_t outputs) {
        reserve(squared_error, networks * outputs);
        reserve(terms, networks * outputs);
        reserve(diverged_at, networks);
        reserve(h_squared_error, networks * outputs);
        reserve(h_terms, networks * outputs);
        reserve(h_diverged_at, networks);
    }
    /// The part of networks `first` and following.
    TrialSums from(std::size_t first, int outputs) const {
        const std::size_t at = first * static_cast<std::size_t>(outputs);
        return {squared_error.data() + at, terms.data() + at, diverged_at.data() + first, outputs};
    }
    void download(std::size_t networks, std::size_t outputs, Stream& stream) {
        squared_error.download(h_squared_error.span().first(networks * outputs), stream);
        terms.download(h_terms.span().first(networks * outputs), stream);
        diverged_at.download(h_diverged_at.span().first(networks), stream);
    }
};

/// Copies of networks' blocks in host memory.
template <typename T>
class Snapshot final : public ForceSnapshot {
  public:
    Snapshot(const std::vector<const ForceMember<T>*>& members, Stream& stream) {
        for (const ForceMember<T>* member : members) {
            layouts_.push_back(member->layout());
            auto& block = blocks_.emplace_back(member->block().size());
            member->block().download(block, stream);
        }
        stream.synchronize();
    }
    ForceState state(std::size_t i) const override {
        return read_state<T>(layouts_[i], blocks_[i], ForceSession::Parts::everything);
    }

  private:
    std::vector<ForceLayout> layouts_;
    std::vector<std::vector<T>> blocks_;
};

template <typename T>
class Session final : public ForceSession {
  public:
    explicit Session(const DeviceLimits& limits) : limits_(limits), trials_(stream_) {}

    int add(const NetworkModel& model, const ForceRule& rule, const ForceState* resume) override {
        const Phase phase("upload", model.uid, model.uid, 1);
        auto member = std::make_unique<const ForceMember<T>>(model, rule, resume, limits_,
                                                             matrices_, stream_);
        forget_tables();
        if (free_handles_.empty()) {
            members_.push_back(std::move(member));
            return static_cast<int>(members_.size()) - 1;
        }
        const int handle = free_handles_.back();
        free_handles_.pop_back();
        members_[static_cast<std::size_t>(handle)] = std::move(member);
        return handle;
    }

    void remove(int handle) override {
        forget_tables();
        members_.at(static_cast<std::size_t>(handle)).reset();
        free_handles_.push_back(handle);
        matrices_.drop_unused();
    }

    bool draws(const TrialRecipe& recipe) const override { return trials_.draws(recipe); }

    void run_trial(std::span<const Work> work, std::span<TrialOutcome> outcomes) override {
        if (work.empty()) {
            return;
        }
        const Phase phase("FORCE trial", member_of(work.front().handle).uid(),
                          member_of(work.back().handle).uid(), work.size());
        std::vector<typename TrialStore<T>::Wanted> wanted;
        int outputs = 0;
        for (const Work& one : work) {
            const ForceMember<T>& member = member_of(one.handle);
            const int its_outputs = member.on_device().weights.outputs;
            wanted.push_back({&one, member.inputs(), its_outputs, &member.groups()});
            outputs = std::max(outputs, its_outputs);
        }
        const auto views = trials_.prepare(wanted);

        // Launches by route; `order` says which work stands where in the sums.
        std::vector<std::size_t> order;
        const auto width = static_cast<std::size_t>(outputs);
        sums_.make_room(work.size(), width);
        if constexpr (sizeof(T) == 4) {
            for (const Route route : on_chip_routes) {
                run_on_chip(route, work, views, order, outputs);
            }
        }
        run_streamed(work, views, order, outputs);
        check(order.size() == work.size(), "run_trial: every network has a route");
        sums_.download(work.size(), width, stream_);
        stream_.synchronize();
        for (std::size_t at = 0; at < order.size(); ++at) {
            TrialOutcome& outcome = outcomes[order[at]];
            outcome = {};
            outcome.diverged_at = sums_.h_diverged_at[at];
            const auto own = static_cast<std::size_t>(
                member_of(work[order[at]].handle).on_device().weights.outputs);
            for (std::size_t o = 0; o < own; ++o) {
                const int terms = sums_.h_terms[at * width + o];
                outcome.rms_error.push_back(
                    terms > 0 ? std::sqrt(sums_.h_squared_error[at * width + o] / terms) : 0.0);
            }
        }
    }

    ForceState state(int handle, Parts parts) const override {
        const std::string& uid = member_of(handle).uid();
        const Phase phase("reading the state", uid, uid, 1);
        return member_of(handle).state(parts, stream_);
    }

    std::unique_ptr<ForceSnapshot> snapshot(std::span<const int> handles) const override {
        if (handles.empty()) {
            return nullptr;
        }
        const Phase phase("copying the state", member_of(handles.front()).uid(),
                          member_of(handles.back()).uid(), handles.size());
        std::vector<const ForceMember<T>*> members;
        std::uint64_t bytes = 0;
        for (const int handle : handles) {
            members.push_back(&member_of(handle));
            bytes += members.back()->block().size() * sizeof(T);
        }
        if (bytes > available_memory() / 2) {
            return nullptr;
        }
        return std::make_unique<Snapshot<T>>(members, stream_);
    }

  private:
    using View = typename TrialStore<T>::View;

    const ForceMember<T>& member_of(int handle) const {
        const auto& member = members_.at(static_cast<std::size_t>(handle));
        check(member != nullptr, "ForceSession: the handle is of a network that was removed");
        return *member;
    }

    /// Tables of networks are kept from trial to trial until networks come or go.
    void forget_tables() {
        for (auto& [route, tables] : on_chip_) {
            tables.handles.clear();
        }
    }

    /// Numbers that the pending gains of one network take.
    static int gains_of(int units) {
        return max_pending_updates * ForceSharedPlan::padded_units(units);
    }

    static int odd(const Work& work) { return static_cast<int>(work.first_step % 2 != 0); }

    void run_on_chip(Route route, std::span<const Work> work, const std::vector<View>& views,
                     std::vector<std::size_t>& order, int outputs) {
        OnChip& tables = on_chip_[route];
        std::vector<int> handles;
        tables.work.clear();
        const std::size_t first = order.size();
        for (std::size_t i = 0; i < work.size(); ++i) {
            if (member_of(work[i].handle).policy().route != route) {
                continue;
            }
            check(!views[i].schedule->groups_overlap(),
                  "run_trial: the rule said that groups do not overlap, the trial has them "
                  "overlap");
            tables.work.push_back({static_cast<int>(handles.size()), views[i].index, odd(work[i])});
            handles.push_back(work[i].handle);
            order.push_back(i);
        }
        if (handles.empty()) {
            return;
        }
        if (handles != tables.handles) {
            fill(tables, std::move(handles));
        }
        send(route, tables, sums_.from(first, outputs));
    }

    /// The networks of one launch. Those that ended have left: a launch has no empty blocks.
    struct OnChip {
        std::vector<int> handles;  // of the networks in the table
        std::vector<TrialWork> work;
        std::vector<ForceNetwork<T>> networks;
        DeviceArray<ForceNetwork<T>> d_networks;
        DeviceArray<TrialWork> d_work;
        DeviceArray<T> gains;  // of networks whose block has no room for them
        ForcePolicy widest;    // the launch's: enough for each of its networks
        int gains_stride = 0;
    };

    void fill(OnChip& tables, std::vector<int> handles) {
        tables.networks.clear();
        tables.widest = {};
        tables.gains_stride = 0;
        for (const int handle : handles) {
            const ForceMember<T>& member = member_of(handle);
            const ForcePolicy& policy = member.policy();
            tables.networks.push_back(member.on_device());
            tables.widest.threads = std::max(tables.widest.threads, policy.threads);
            tables.widest.shared_bytes = std::max(tables.widest.shared_bytes, policy.shared_bytes);
            tables.widest.networks_at_once =
                tables.widest.networks_at_once == 0
                    ? policy.networks_at_once
                    : std::min(tables.widest.networks_at_once, policy.networks_at_once);
            if (!policy.gains_in_shared) {
                tables.gains_stride =
                    std::max(tables.gains_stride, gains_of(member.on_device().weights.units));
            }
        }
        reserve(tables.d_networks, tables.networks.size());
        tables.d_networks.upload(tables.networks, stream_);
        reserve(tables.gains,
                tables.networks.size() * static_cast<std::size_t>(tables.gains_stride));
        tables.handles = std::move(handles);
    }

    void send(Route route, OnChip& tables, TrialSums sums) {
        reserve(tables.d_work, tables.work.size());
        tables.d_work.upload(tables.work, stream_);
        int steps = 0;
        for (const TrialWork& one : tables.work) {
            steps = std::max(steps, trials_.entry(one.trial).steps);
        }
        const auto count = static_cast<int>(tables.work.size());
        const int most = networks_per_launch(tables.widest, steps);
        for (int first = 0; first < count; first += most) {
            ForceOnChipArguments arguments;
            arguments.networks = tables.d_networks.data();
            arguments.trials = trials_.table();
            arguments.work = tables.d_work.data() + first;
            arguments.sums = {sums.squared_error + first * sums.outputs,
                              sums.terms + first * sums.outputs, sums.diverged_at + first,
                              sums.outputs};
            arguments.shared_bytes = tables.widest.shared_bytes;
            arguments.gains_stride = tables.gains_stride;
            arguments.gains = tables.gains.data();
            train(
                route, arguments,
                {std::min(most, count - first), tables.widest.threads, tables.widest.shared_bytes});
        }
    }

    void train(Route route, const ForceOnChipArguments& arguments, LaunchShape shape) {
        switch (route) {
            case Route::tile32:
                launch(operation::TrainOnChip<Tile32>{arguments}, shape, stream_);
                break;
            case Route::tile64:
                launch(operation::TrainOnChip<Tile64>{arguments}, shape, stream_);
                break;
            case Route::tile128:
                launch(operation::TrainOnChip<Tile128>{arguments}, shape, stream_);
                break;
            default:
                launch(operation::TrainOnChip<Tile204>{arguments}, shape, stream_);
                break;
        }
    }

    void run_streamed(std::span<const Work> work, const std::vector<View>& views,
                      std::vector<std::size_t>& order, int outputs) {
        std::vector<typename StreamedTrials<T>::Member> members;
        const std::size_t first = order.size();
        for (std::size_t i = 0; i < work.size(); ++i) {
            const ForceMember<T>& member = member_of(work[i].handle);
            if (member.policy().route == Route::streamed) {
                members.push_back({&member, views[i], odd(work[i])});
                order.push_back(i);
            }
        }
        streamed_.run(members, trials_, sums_.from(first, outputs), stream_);
    }

    DeviceLimits limits_;
    mutable Stream stream_;
    TrialStore<T> trials_;
    MatrixCache<T> matrices_;
    std::vector<std::unique_ptr<const ForceMember<T>>> members_;  // by handle
    std::vector<int> free_handles_;
    Sums sums_;
    std::map<Route, OnChip> on_chip_;
    StreamedTrials<T> streamed_;
};

}  // namespace

template <typename T>
std::uint64_t force_bytes(int units, int outputs, int groups, const DeviceLimits& limits) {
    const auto number = [](std::int64_t i) { return static_cast<std::uint64_t>(i); };
    constexpr Precision precision = sizeof(T) == 4 ? Precision::fp32 : Precision::fp64;
    // Inputs are few: as many as outputs are allowed for.
    const ForcePolicy policy = force_policy({units, outputs, outputs, false, precision}, limits);
    std::uint64_t numbers = number(groups) * number(group_size(policy.route, units)) +
                            number(units) * number(3 * outputs + 2);
    if (policy.route == Route::streamed) {
        numbers += StreamedScratch(units, outputs, groups).size;
    } else if (!policy.gains_in_shared) {
        numbers += number(max_pending_updates) * number(ForceSharedPlan::padded_units(units));
    }
    return sizeof(T) * numbers + 512;  // what the allocator rounds up to, and tables
}
template std::uint64_t force_bytes<float>(int, int, int, const DeviceLimits&);
template std::uint64_t force_bytes<double>(int, int, int, const DeviceLimits&);

template <typename T>
std::unique_ptr<ForceSession> make_force_session(const DeviceLimits& limits) {
    return std::make_unique<Session<T>>(limits);
}
template std::unique_ptr<ForceSession> make_force_session<float>(const DeviceLimits&);
template std::unique_ptr<ForceSession> make_force_session<double>(const DeviceLimits&);

}  // namespace shoal::cuda
