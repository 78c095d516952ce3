// SPDX-License-Identifier: MIT
#include "gradient_session.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "gradient_member.hpp"
#include "launch/gradient_tiles.hpp"
#include "launch/launch.hpp"

namespace shoal::cuda {
namespace {

/// Networks that one launch takes: the same route and numbers of steps.
struct Party {
    GradientPolicy widest;  ///< enough for each of its networks
    int steps = 0;
    std::size_t first = 0;  ///< in the table of works
    std::size_t count = 0;
    std::size_t pass_blocks = 0;  ///< where its blocks stand, and how many
    int pass_count = 0;
    std::size_t outer_blocks = 0;
    int outer_count = 0;
};

class Session final : public GradientSession {
  public:
    Session(Precision precision, const DeviceLimits& limits)
        : precision_(precision), limits_(limits) {}

    int add(const NetworkModel& model, const GradientRule& rule,
            const GradientState* resume) override {
        const Phase phase("upload", model.uid, model.uid, 1);
        gradient_policy(rule.shape, precision_, limits_);  // refuses what does not fit
        auto member = std::make_unique<const GradientMember>(model, rule, resume, stream_);
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
        members_.at(static_cast<std::size_t>(handle)).reset();
        free_handles_.push_back(handle);
    }

    void run_iteration(std::span<const Work> work, std::span<IterationOutcome> outcomes) override {
        iterate(work, outcomes, 1);
    }

    IterationOutcome gradient(const Work& work, std::vector<double>& gradient) override {
        IterationOutcome outcome;
        iterate({&work, 1}, {&outcome, 1}, 0);
        const GradientMember& member = member_of(work.handle);
        const GradientShape shape = member.shape(*work.batch);
        const WeightLayout layout(shape);
        const GradientScratch scratch(shape, gradient_policy(shape, precision_, limits_));
        std::vector<float> values(layout.size);
        raw::copy_to_host(values.data(), arena_.data() + scratch.gradient, layout.size * 4,
                          stream_.get());
        stream_.synchronize();
        gradient.assign(layout.size, 0.0);
        for (const WeightRange range : member.ranges()) {
            std::copy(values.begin() + static_cast<std::ptrdiff_t>(range.begin),
                      values.begin() + static_cast<std::ptrdiff_t>(range.end),
                      gradient.begin() + static_cast<std::ptrdiff_t>(range.begin));
        }
        return outcome;
    }

    GradientState state(int handle) const override {
        const std::string& uid = member_of(handle).uid();
        const Phase phase("reading the state", uid, uid, 1);
        return member_of(handle).state(stream_);
    }

  private:
    const GradientMember& member_of(int handle) const {
        const auto& member = members_.at(static_cast<std::size_t>(handle));
        check(member != nullptr, "GradientSession: the handle is of a network that was removed");
        return *member;
    }

    void iterate(std::span<const Work> work, std::span<IterationOutcome> outcomes, int apply) {
        if (work.empty()) {
            return;
        }
        const Phase phase("gradient iteration", member_of(work.front().handle).uid(),
                          member_of(work.back().handle).uid(), work.size());
        batches_.send(work, stream_);
        std::vector<std::size_t> order;
        const std::vector<Party> parties = lay_out(work, order, apply);
        for (const Party& party : parties) {
            visit_gradient_tile(precision_, party.widest.route,
                                [&]<class Tile>(Tile) { run<Tile>(party); });
        }
        sums_.download(h_sums_.span().first(work.size()), stream_);
        stream_.synchronize();
        for (std::size_t at = 0; at < order.size(); ++at) {
            const GradientSums& sums = h_sums_[at];
            outcomes[order[at]] = {sums.loss, sums.penalty, sums.gradient_norm, sums.diverged != 0};
        }
    }

    struct Planned {
        std::size_t work;
        GradientShape shape;
        GradientPolicy policy;
    };

    /// Fills the tables of works and blocks and sends them; `order` says which work stands where.
    std::vector<Party> lay_out(std::span<const Work> work, std::vector<std::size_t>& order,
                               int apply) {
        std::vector<Planned> planned;
        for (std::size_t i = 0; i < work.size(); ++i) {
            const GradientShape shape = member_of(work[i].handle).shape(*work[i].batch);
            planned.push_back({i, shape, gradient_policy(shape, precision_, limits_)});
        }
        const auto key = [](const Planned& p) {
            return std::tuple(p.policy.route, !p.policy.state_here, p.shape.steps,
                              p.policy.segment_steps);
        };
        std::stable_sort(planned.begin(), planned.end(),
                         [&](const Planned& a, const Planned& b) { return key(a) < key(b); });

        std::vector<Party> parties;
        std::vector<std::size_t> slot;  // of every work: its bytes' begin in the arena
        std::size_t used = 0;
        std::size_t most = 0;
        for (std::size_t i = 0; i < planned.size(); ++i) {
            const GradientPolicy& policy = planned[i].policy;
            if (parties.empty() || key(planned[i]) != key(planned[i - 1]) ||
                static_cast<int>(parties.back().count) >= parties.back().widest.networks_at_once) {
                parties.push_back({policy, planned[i].shape.steps, i, 0, 0, 0, 0, 0});
                used = 0;
            }
            Party& party = parties.back();
            ++party.count;
            GradientPolicy& widest = party.widest;
            widest.threads = std::max(widest.threads, policy.threads);
            widest.forward_bytes = std::max(widest.forward_bytes, policy.forward_bytes);
            widest.backward_bytes = std::max(widest.backward_bytes, policy.backward_bytes);
            widest.networks_at_once = std::min(widest.networks_at_once, policy.networks_at_once);
            slot.push_back(used);
            used += GradientScratch(planned[i].shape, policy).size;
            most = std::max(most, used);
            order.push_back(planned[i].work);
        }
        reserve(arena_, most);
        reserve(sums_, work.size());
        reserve(h_sums_, work.size());
        reserve(h_works_, work.size());
        reserve(works_, work.size());

        std::vector<GradientBlock> blocks;
        for (Party& party : parties) {
            party.pass_blocks = blocks.size();
            for (std::size_t i = 0; i < party.count; ++i) {
                for (int tile = 0; tile < planned[party.first + i].policy.tiles; ++tile) {
                    blocks.push_back({static_cast<int>(i), tile});
                }
            }
            party.pass_count = static_cast<int>(blocks.size() - party.pass_blocks);
            party.outer_blocks = blocks.size();
            for (std::size_t i = 0; i < party.count && !party.widest.fused; ++i) {
                const GradientPolicy& policy = planned[party.first + i].policy;
                const int squares = (policy.matrix_rows + outer_side - 1) / outer_side *
                                    ((policy.matrix_columns + outer_side - 1) / outer_side);
                for (int square = 0; square < squares; ++square) {
                    blocks.push_back({static_cast<int>(i), square});
                }
            }
            party.outer_count = static_cast<int>(blocks.size() - party.outer_blocks);
        }
        for (std::size_t i = 0; i < planned.size(); ++i) {
            const Work& wanted = work[planned[i].work];
            GradientWork one =
                member_of(wanted.handle).work(wanted, planned[i].policy, batches_[wanted.batch]);
            one.apply = apply;
            place(one, GradientScratch(planned[i].shape, planned[i].policy),
                  arena_.data() + slot[i]);
            one.sums = sums_.data() + i;
            h_works_[i] = one;
        }
        reserve(h_blocks_, blocks.size());
        reserve(blocks_, blocks.size());
        std::copy(blocks.begin(), blocks.end(), h_blocks_.data());
        blocks_.upload(h_blocks_.span().first(blocks.size()), stream_);
        works_.upload(h_works_.span().first(planned.size()), stream_);
        return parties;
    }

    static void place(GradientWork& work, const GradientScratch& at, std::byte* slot) {
        const auto floats = [slot](std::size_t offset) {
            return reinterpret_cast<float*>(slot + offset);
        };
        work.matrix = floats(at.matrix);
        work.checkpoints = floats(at.checkpoints);
        work.state = floats(at.state);
        work.rates = slot + at.rates;
        work.squashed = slot + at.squashed;
        work.errors = slot + at.errors;
        work.slopes = floats(at.slopes);
        work.losses = floats(at.losses);
        work.carried_lambda = floats(at.carried_lambda);
        work.carried_error = floats(at.carried_error);
        work.partials = floats(at.partials);
        work.initial = floats(at.initial);
        work.rate_sums = reinterpret_cast<double*>(slot + at.rate_sums);
        work.left_range = reinterpret_cast<int*>(slot + at.left_range);
        work.gradient = floats(at.gradient);
    }

    /// Forward over all segments, keeping the state where each begins; backward from the last,
    /// whose history is still there; the others run forward once more first.
    template <class Tile>
    void run(const Party& party) {
        const GradientWork* works = works_.data() + party.first;
        const int networks = static_cast<int>(party.count);
        const LaunchShape whole{networks, GradientUpdateLaunch::threads,
                                GradientUpdateLaunch::shared_bytes};
        launch(operation::GradientPack{works}, whole, stream_);
        const int length = party.widest.segment_steps;
        const int segments = (party.steps + length - 1) / length;
        const auto arguments = [&](std::size_t blocks, int index, int from_start) {
            const int first = index * length;
            const GradientSegment segment{index, first, std::min(first + length, party.steps),
                                          from_start};
            return GradientArguments{works, blocks_.data() + blocks, segment,
                                     party.widest.state_here ? 1 : 0};
        };
        const auto forward = [&](int index, int from_start) {
            launch(
                operation::GradientForward<Tile>{arguments(party.pass_blocks, index, from_start)},
                {party.pass_count, party.widest.threads, party.widest.forward_bytes}, stream_);
        };
        for (int index = 0; index < segments; ++index) {
            forward(index, 1);
        }
        for (int index = segments - 1; index >= 0; --index) {
            if (index < segments - 1) {
                forward(index, 0);
            }
            launch(operation::GradientBackward<Tile>{arguments(party.pass_blocks, index, 0)},
                   {party.pass_count, party.widest.threads, party.widest.backward_bytes}, stream_);
            if constexpr (!Tile::fused) {
                launch(operation::GradientOuter<Tile>{arguments(party.outer_blocks, index, 0)},
                       {party.outer_count, outer_threads, outer_shared_bytes<Tile>()}, stream_);
            }
        }
        launch(operation::GradientUpdate{works}, whole, stream_);
    }

    Precision precision_;
    DeviceLimits limits_;
    mutable Stream stream_;
    std::vector<std::unique_ptr<const GradientMember>> members_;
    std::vector<int> free_handles_;
    GradientBatches batches_;
    DeviceArray<std::byte> arena_;  ///< scratch of the networks of one launch
    PinnedArray<GradientWork> h_works_;
    DeviceArray<GradientWork> works_;
    PinnedArray<GradientBlock> h_blocks_;
    DeviceArray<GradientBlock> blocks_;
    PinnedArray<GradientSums> h_sums_;
    DeviceArray<GradientSums> sums_;
};

}  // namespace

std::unique_ptr<GradientSession> make_gradient_session(Precision precision,
                                                       const DeviceLimits& limits) {
    if (precision == Precision::fp64) {
        throw usage_error(
            "--backend cuda: gradient training in fp32, tf32 or bf16; fp64 is done by --backend "
            "cpu or reference");
    }
    return std::make_unique<Session>(precision, limits);
}

std::uint64_t gradient_bytes(const GradientShape& shape) {
    const std::uint64_t weights = WeightLayout(shape).size;
    const auto rows =
        static_cast<std::uint64_t>(shape.steps) * static_cast<std::uint64_t>(shape.batch);
    const auto inputs = static_cast<std::uint64_t>(shape.inputs);
    const auto outputs = static_cast<std::uint64_t>(shape.outputs);
    return 4 * (3 * weights + (shape.rank > 0 ? weights : 0)) + rows * (4 * inputs + 5 * outputs) +
           sizeof(GradientWork);
}

std::uint64_t gradient_scratch_bytes(const GradientShape& shape, Precision precision,
                                     const DeviceLimits& limits) {
    const GradientPolicy policy = gradient_policy(shape, precision, limits);
    return GradientScratch(shape, policy).size *
           static_cast<std::uint64_t>(policy.networks_at_once);
}

}  // namespace shoal::cuda
