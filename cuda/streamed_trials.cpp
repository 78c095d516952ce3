// SPDX-License-Identifier: MIT
#include "streamed_trials.hpp"

#include <algorithm>
#include <numeric>

#include "launch/launch.hpp"

namespace shoal::cuda {

template <typename T>
ProductPlan<T> plan_products(const std::vector<const T*>& matrices, const std::vector<int>& units) {
    ProductPlan<T> plan;
    plan.order.resize(matrices.size());
    std::iota(plan.order.begin(), plan.order.end(), std::size_t{0});
    std::stable_sort(plan.order.begin(), plan.order.end(), [&](std::size_t a, std::size_t b) {
        return std::less<const T*>()(matrices[a], matrices[b]);
    });
    using Tile = ProductTile<T>;
    for (std::size_t first = 0; first < plan.order.size();) {
        const std::size_t column = plan.order[first];
        std::size_t last = first;
        while (last < plan.order.size() && matrices[plan.order[last]] == matrices[column] &&
               last - first < Tile::columns) {
            ++last;
        }
        for (int row = 0; row < units[column]; row += Tile::rows) {
            plan.tiles.push_back({matrices[column], units[column], row, static_cast<int>(first),
                                  static_cast<int>(last - first)});
        }
        first = last;
    }
    return plan;
}
template ProductPlan<float> plan_products(const std::vector<const float*>&,
                                          const std::vector<int>&);
template ProductPlan<double> plan_products(const std::vector<const double*>&,
                                           const std::vector<int>&);

template <typename T>
void StreamedTrials<T>::run(const std::vector<Member>& members, const TrialStore<T>& trials,
                            TrialSums sums, Stream& stream) {
    if (members.empty()) {
        return;
    }
    fill_tables(members, trials, sums, stream);
    Shape shape = shape_of(members, sums, stream);
    if (!graph_ || shape != captured_) {
        Graph::begin_capture(stream);
        send(shape, sums, stream);
        graph_ = Graph::end_capture(stream);
        captured_ = std::move(shape);
    }
    graph_.launch(stream);
}

template <typename T>
void StreamedTrials<T>::fill_tables(const std::vector<Member>& members, const TrialStore<T>& trials,
                                    TrialSums sums, Stream& stream) {
    networks_.clear();
    runs_.clear();
    conditions_.clear();
    frames_.clear();
    columns_.clear();
    std::size_t record_size = 0;
    for (const Member& member : members) {
        record_size += static_cast<std::size_t>(trials.entry(member.trial.index).steps) *
                       static_cast<std::size_t>(member.network->on_device().weights.outputs);
    }
    reserve(recorded_, record_size);

    std::vector<const T*> matrices;
    std::vector<int> units;
    T* recorded = recorded_.data();
    for (std::size_t i = 0; i < members.size(); ++i) {
        const Member& member = members[i];
        const ForceNetwork<T>& network = member.network->on_device();
        const Weights<T>& w = network.weights;
        const TrialData<T>& trial = trials.entry(member.trial.index);
        const StreamedScratch places(w.units, w.outputs, network.groups);
        T* scratch = member.network->scratch();
        int* diverged_at = sums.diverged_at + i;

        runs_.push_back({w, network.readout, nullptr, trial.steps, 0, nullptr, 0});
        conditions_.push_back({static_cast<int>(i), trial.inputs, network.state, network.output,
                               scratch + places.rates, scratch + places.product, recorded, nullptr,
                               diverged_at});
        networks_.push_back(
            {network, trial,
             member.trial.schedule->plan(member.odd, network.groups, stream).on_device.data(),
             scratch + places.rates, diverged_at, scratch + places.strips, scratch + places.columns,
             scratch + places.gains, scratch + places.inverse});
        frames_.push_back({network, trial, scratch + places.rates, scratch + places.kept_state,
                           scratch + places.kept_readout, scratch + places.kept_output, recorded});
        recorded += trial.steps * w.outputs;
        matrices.push_back(w.recurrent);
        units.push_back(w.units);
    }
    ProductPlan<T> products = plan_products(matrices, units);
    for (const std::size_t i : products.order) {
        columns_.push_back({conditions_[i].rates, conditions_[i].product});
    }
    tiles_ = std::move(products.tiles);

    const auto send_table = [&stream](auto& on_device, const auto& table) {
        reserve(on_device, table.size());
        on_device.upload(table, stream);
    };
    send_table(d_networks_, networks_);
    send_table(d_runs_, runs_);
    send_table(d_conditions_, conditions_);
    send_table(d_frames_, frames_);
    send_table(d_columns_, columns_);
    send_table(d_tiles_, tiles_);
}

template <typename T>
typename StreamedTrials<T>::Shape StreamedTrials<T>::shape_of(const std::vector<Member>& members,
                                                              TrialSums sums,
                                                              Stream& stream) const {
    Shape shape;
    shape.networks = static_cast<int>(members.size());
    shape.tiles = static_cast<int>(tiles_.size());
    for (const StreamedNetwork<T>& member : networks_) {
        shape.steps = std::max(shape.steps, member.trial.steps);
        shape.blocks = std::max(shape.blocks, square_blocks(member.network.weights.units));
        shape.outputs = std::max(shape.outputs, member.network.weights.outputs);
        shape.groups = std::max(shape.groups, member.network.groups);
    }
    shape.work.resize(static_cast<std::size_t>(shape.steps) *
                      static_cast<std::size_t>(shape.groups));
    for (const Member& member : members) {
        const int groups = member.network->on_device().groups;
        const auto& plan = member.trial.schedule->plan(member.odd, groups, stream).steps;
        for (std::size_t at = 0; at < plan.size(); ++at) {
            const std::size_t t = at / static_cast<std::size_t>(groups);
            const std::size_t group = at % static_cast<std::size_t>(groups);
            shape.work[t * static_cast<std::size_t>(shape.groups) + group] |=
                static_cast<std::uint8_t>((plan[at].full > 0 ? 1 : 0) |
                                          (plan[at].update >= 0 ? 2 : 0) |
                                          (plan[at].ends > 0 ? 4 : 0));
        }
    }
    shape.tables = {d_networks_.data(), d_runs_.data(),    d_conditions_.data(),
                    d_frames_.data(),   d_columns_.data(), d_tiles_.data(),
                    sums.diverged_at,   sums.terms,        sums.squared_error};
    return shape;
}

template <typename T>
void StreamedTrials<T>::send(const Shape& shape, TrialSums sums, Stream& stream) const {
    using operation::Advance, operation::Gain, operation::Learn, operation::Multiply,
        operation::Rewrite;
    const AdvanceArguments<T> advance{d_runs_.data(), d_conditions_.data(), true};
    const int gain_blocks = (shape.blocks + 1) / 2;
    const StreamedNetwork<T>* networks = d_networks_.data();
    const auto rewrite = [&](StepOfGroup at, RewriteWhen when) {
        launch(Rewrite<T>{networks, gain_blocks, at, when},
               {shape.networks * gain_blocks, RewriteLaunch<T>::threads,
                RewriteLaunch<T>::shared_bytes},
               stream);
    };
    launch(operation::BeginTrial<T>{d_frames_.data(), sums},
           {shape.networks, TrialFrame<T>::threads, 0}, stream);
    for (int t = 0; t < shape.steps; ++t) {
        launch(Multiply<T>{d_tiles_.data(), d_columns_.data()},
               {shape.tiles, ProductTile<T>::threads, ProductTile<T>::shared_bytes}, stream);
        launch(
            Advance<T>{advance, t},
            {shape.networks, AdvanceArguments<T>::threads, advance_shared_bytes<T>(shape.outputs)},
            stream);
        for (int group = 0; group < shape.groups; ++group) {
            const StepOfGroup at{t, group};
            const int work = shape.work[static_cast<std::size_t>(t * shape.groups + group)];
            if ((work & 1) != 0) {
                rewrite(at, RewriteWhen::before_update);
            }
            if ((work & 2) != 0) {
                launch(Gain<T>{networks, gain_blocks, at},
                       {shape.networks * gain_blocks, GainLaunch<T>::threads,
                        GainLaunch<T>::shared_bytes},
                       stream);
                launch(Learn<T>{networks, at},
                       {shape.networks, LearnLaunch<T>::threads, LearnLaunch<T>::shared_bytes},
                       stream);
            }
            if ((work & 4) != 0) {
                rewrite(at, RewriteWhen::at_epoch_end);
            }
        }
    }
    launch(operation::EndTrial<T>{d_frames_.data(), sums},
           {shape.networks, TrialFrame<T>::threads, 0}, stream);
}

template class StreamedTrials<float>;
template class StreamedTrials<double>;

}  // namespace shoal::cuda
