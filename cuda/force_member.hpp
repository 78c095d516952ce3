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

/// Where what changes in training stands in a network's block.
struct ForceLayout {
    Route route = Route::streamed;
    int units = 0;
    int outputs = 0;
    int groups = 0;
    std::size_t state = 0;
    std::size_t readout = 0;
    std::size_t output = 0;
    std::size_t squares = 0;      ///< P of every group; the last part of the block
    std::size_t square_size = 0;  ///< numbers in one P
};

/// Reads a copy of a block. With Parts::weights the copy may end where P begins.
template <typename T>
ForceState read_state(const ForceLayout& layout, std::span<const T> block,
                      ForceSession::Parts parts);

template <typename T>
class ForceMember {
  public:
    /// Uploads the network, fresh or from a saved state; returns when it is there.
    ForceMember(const NetworkModel& model, const ForceRule& rule, const ForceState* resume,
                const DeviceLimits& limits, MatrixCache<T>& matrices, Stream& stream);

    const std::string& uid() const { return uid_; }
    const ForcePolicy& policy() const { return policy_; }
    const ForceNetwork<T>& on_device() const { return network_; }
    const std::vector<int>& groups() const { return groups_; }
    int inputs() const { return inputs_; }  ///< of its trials
    T* scratch() const { return scratch_.data(); }

    const ForceLayout& layout() const { return layout_; }

    /// What changed in training, read from the device.
    ForceState state(ForceSession::Parts parts, Stream& stream) const;
    /// All that changes in training, and the weights before it.
    const DeviceArray<T>& block() const { return block_; }

  private:
    std::string uid_;
    ForcePolicy policy_;
    ForceLayout layout_;
    std::vector<int> groups_;
    int inputs_ = 0;
    typename MatrixCache<T>::Matrix matrix_;
    DeviceArray<T> block_;  // weights, then state, readout, output and P
    DeviceArray<int> groups_on_device_;
    DeviceArray<T> scratch_;
    ForceNetwork<T> network_;
};

}  // namespace shoal::cuda
