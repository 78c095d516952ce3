// SPDX-License-Identifier: MIT
// What a run will take: which networks are in memory together, and how much time, memory and disk.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "backend/backend.hpp"
#include "config/spec.hpp"
#include "task/task.hpp"

namespace shoal {

/// Decides which networks are in training together ("the wave"). An empty wave takes whole groups
/// that share a matrix until it holds enough networks to keep every thread busy; later it only
/// takes the places of networks that ended. Memory is never exceeded.
class WavePlan {
  public:
    /// `max_memory` in bytes, 0: most of what is free now, or `memory_share` of that where several
    /// processes share it. Throws a usage error if even one network
    /// does not fit.
    WavePlan(const Config& config, const Backend& backend, std::uint64_t max_memory,
             double memory_share = 1.0);

    bool room_for(const NetworkSpec& spec);
    /// Whether memory suffices for one more network, wanted or not.
    bool fits(const NetworkSpec& spec) { return bytes_ + bytes_of(spec) <= limit_; }
    void enter(const NetworkSpec& spec);
    void leave(const NetworkSpec& spec);

    std::size_t networks() const { return networks_; }
    std::uint64_t bytes() const { return bytes_; }

  private:
    std::uint64_t bytes_of(const NetworkSpec& spec);

    const Backend& backend_;
    std::uint64_t limit_;  ///< without what an iteration of gradient training takes besides
    std::size_t smallest_wave_;
    std::size_t capacity_ = 0;  ///< 0 while an empty wave is being filled
    std::size_t networks_ = 0;
    std::uint64_t bytes_ = 0;
    std::string last_matrix_;
    std::map<std::string, int> members_of_matrix_;
};

struct Forecast {
    std::size_t networks = 0;
    std::size_t waves = 0;
    std::size_t largest_wave = 0;        ///< networks
    std::uint64_t program_bytes = 0;     ///< this process as it stands
    std::uint64_t wave_bytes = 0;        ///< the largest wave: states, P, matrices
    std::uint64_t test_bytes = 0;        ///< conditions of the acceptance test
    std::uint64_t disk_bytes = 0;        ///< results and checkpoints
    std::uint64_t checkpoint_bytes = 0;  ///< one generation
    double network_steps = 0.0;          ///< of training
    double training_seconds = 0.0;
    double test_seconds = 0.0;
    double measured_seconds = 0.0;  ///< what the prediction rests on
};

/// Plans a run without starting it. With `measure` a few trials are run in memory, for about a
/// second, to predict the time; nothing is written.
Forecast forecast_run(const Config& config, Backend& backend, std::uint64_t max_memory,
                      bool measure, double memory_share = 1.0);

}  // namespace shoal
