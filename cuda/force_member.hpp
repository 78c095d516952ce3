// SPDX-License-Identifier: MIT
// One network of a session in device memory.
#pragma once

#include <memory>
#include <vector>

#include "device_network.hpp"
#include "kernels/streamed_squares.hpp"
#include "launch/policy.hpp"

namespace shoal::cuda {

/// Numbers that one network needs beside weights and state while it is streamed.
struct StreamedScratch {
    std::size_t rates, product, strips, columns, gains, inverse, kept_state, kept_readout,
        kept_output;
    std::size_t size;
    StreamedScratch(int units, int outputs, int groups);
};

/// Numbers in one P as the route stores it.
std::int64_t group_size(Route route, int units);

template <typename T>
class ForceMember {
  public:
    /// Uploads the network, fresh or from a saved state; returns when it is there.
    ForceMember(const NetworkModel& model, const ForceRule& rule, const ForceState* resume,
                const DeviceLimits& limits, MatrixCache<T>& matrices, Stream& stream);

    const ForcePolicy& policy() const { return policy_; }
    const ForceNetwork<T>& on_device() const { return network_; }
    const std::vector<int>& groups() const { return groups_; }
    int inputs() const { return inputs_; }  ///< of its trials
    T* scratch() const { return scratch_.data(); }

    /// What changed in training, read from the device.
    ForceState state(ForceSession::Parts parts, Stream& stream) const;
    /// The same in a copy of the network's block that somebody else made.
    ForceState state_from(std::span<const T> block, ForceSession::Parts parts) const;
    /// All that changes in training: a contiguous part of device memory.
    const DeviceArray<T>& block() const { return block_; }

  private:
    ForcePolicy policy_;
    std::vector<int> groups_;
    int inputs_ = 0;
    typename MatrixCache<T>::Matrix matrix_;
    DeviceArray<T> block_;  // weights, then state, readout, output and P
    DeviceArray<int> groups_on_device_;
    DeviceArray<T> scratch_;
    ForceNetwork<T> network_;
};

}  // namespace shoal::cuda
