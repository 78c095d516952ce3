// SPDX-License-Identifier: MIT
// State of the networks in training, so that a run killed at any instant goes on with the same
// bits.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "backend/backend.hpp"

namespace shoal {

/// One network in training, between two trials or iterations ("rounds").
struct ActiveNetwork {
    std::string uid;
    int rounds_done = 0;
    std::vector<float> curve;  ///< so far: [trial, output] errors, or [iteration] losses
    std::variant<ForceState, GradientState> state;
};

/// Two generations of the active wave under checkpoint/, each sealed by a checksum.
class CheckpointFiles {
  public:
    CheckpointFiles(std::filesystem::path folder, Precision precision)
        : folder_(std::move(folder)), precision_(precision) {}

    /// Writes the next generation and drops the one before the previous. `network(i)` gives one
    /// network at a time. P is stored in training precision.
    void write(std::size_t count, const std::function<ActiveNetwork(std::size_t)>& network);

    /// Hands out the networks of the newest good generation one by one (none if there is no
    /// checkpoint). Returns a warning if a newer generation was damaged. If files are there and
    /// none is good: a file error.
    std::string read(const std::function<void(ActiveNetwork&&)>& use) const;

    /// Bytes of one network's state on disk, under FORCE and under gradient training.
    static std::uint64_t bytes_of(int units, int outputs, int groups, Precision precision);
    static std::uint64_t bytes_of(const GradientShape& shape, Precision precision);

  private:
    std::vector<std::pair<std::uint64_t, std::filesystem::path>> generations() const;

    std::filesystem::path folder_;
    Precision precision_;
};

}  // namespace shoal
