// SPDX-License-Identifier: MIT
// The trials of networks that do not fit on chip: a sequence of launches per step for all of them,
// captured once as a graph and launched again for every trial of the same shape.
#pragma once

#include <vector>

#include "force_member.hpp"
#include "kernels/multiply.hpp"
#include "kernels/streamed_trial.hpp"
#include "trial_store.hpp"

namespace shoal::cuda {

/// Tiles of the products J r: columns that share a matrix stand together in `order`.
template <typename T>
struct ProductPlan {
    std::vector<std::size_t> order;  ///< columns in the order of the tiles
    std::vector<ProductTile<T>> tiles;
};
/// matrices[i] and units[i] are those of column i; first_column counts in `order`.
template <typename T>
ProductPlan<T> plan_products(const std::vector<const T*>& matrices, const std::vector<int>& units);

template <typename T>
class StreamedTrials {
  public:
    struct Member {
        const ForceMember<T>* network = nullptr;
        typename TrialStore<T>::View trial;
        int odd = 0;
    };

    /// Sends one trial of every member to the stream; sums.diverged_at[i] and the others belong to
    /// members[i].
    void run(const std::vector<Member>& members, const TrialStore<T>& trials, TrialSums sums,
             Stream& stream);

  private:
    /// What the launches of a trial depend on.
    struct Shape {
        int networks = 0;
        int tiles = 0;
        int steps = 0;
        int blocks = 0;   ///< of the largest P
        int outputs = 0;  ///< of the widest network
        /// [time, group]: bit 0: rewrite before; 1: update; 2: rewrite after, for at least one
        /// network.
        std::vector<std::uint8_t> work;
        int groups = 0;
        std::vector<const void*> tables;  ///< their addresses on the device
        bool operator==(const Shape&) const = default;
    };

    void fill_tables(const std::vector<Member>& members, const TrialStore<T>& trials,
                     TrialSums sums, Stream& stream);
    Shape shape_of(const std::vector<Member>& members, TrialSums sums, Stream& stream) const;
    void send(const Shape& shape, TrialSums sums, Stream& stream) const;

    std::vector<StreamedNetwork<T>> networks_;
    std::vector<Run<T>> runs_;
    std::vector<Condition<T>> conditions_;
    std::vector<TrialFrame<T>> frames_;
    std::vector<ProductColumn<T>> columns_;
    std::vector<ProductTile<T>> tiles_;
    DeviceArray<StreamedNetwork<T>> d_networks_;
    DeviceArray<Run<T>> d_runs_;
    DeviceArray<Condition<T>> d_conditions_;
    DeviceArray<TrialFrame<T>> d_frames_;
    DeviceArray<ProductColumn<T>> d_columns_;
    DeviceArray<ProductTile<T>> d_tiles_;
    DeviceArray<T> recorded_;
    Shape captured_;
    Graph graph_;
};

}  // namespace shoal::cuda
