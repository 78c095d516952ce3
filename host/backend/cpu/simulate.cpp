// SPDX-License-Identifier: MIT
#include "backend/cpu/simulate.hpp"

#include <algorithm>

#include "backend/cpu/network.hpp"
#include "core/parallel.hpp"
#include "core/stop.hpp"

namespace shoal::cpu {
namespace {

/// Conditions [first, last) of a request.
struct Chunk {
    std::size_t request;
    std::size_t first;
    std::size_t last;
};

/// Conditions that run side by side: as many as stay in the second-level cache with their states,
/// and enough of them that a large matrix is not read too often.
template <typename T>
std::size_t chunk_size(int units) {
    constexpr std::size_t cached_bytes = std::size_t{144} << 10;
    constexpr std::size_t fewest = 48;
    constexpr std::size_t whole_tiles = 24;  // of every kernel's columns
    const std::size_t column_bytes = 3 * sizeof(T) * static_cast<std::size_t>(padded(units));
    return std::max(fewest, cached_bytes / column_bytes / whole_tiles * whole_tiles);
}

std::size_t recorded_steps(const SimulationRequest& request) {
    return request.outputs_from < 0
               ? 0
               : static_cast<std::size_t>(request.steps - request.outputs_from);
}

/// A result with room for all conditions.
SimulationResult empty_result(const SimulationRequest& request) {
    const std::size_t conditions = request.inputs.size();
    const auto units = static_cast<std::size_t>(request.network->units);
    const auto outputs = static_cast<std::size_t>(request.network->outputs);
    SimulationResult result;
    result.outputs.resize(conditions * recorded_steps(request) * outputs);
    result.states.resize(conditions * request.states_at.size() * units);
    result.mean_rates.resize(conditions * request.mean_rates.size() * units);
    result.final_states.resize(conditions * units);
    result.diverged_at.assign(conditions, -1);
    return result;
}

/// Some conditions of one network, one column each, written to their place in `result`.
template <typename T>
class Run {
  public:
    Run(const SimulationRequest& request, const PackedMatrix<T>& matrix, const Chunk& chunk,
        SimulationResult& result)
        : request_(request),
          matrix_(matrix),
          weights_(pack_weights<T>(*request.network)),
          first_(chunk.first),
          recorded_steps_(recorded_steps(request)),
          result_(result) {
        const auto units = static_cast<std::size_t>(weights_.units);
        const auto outputs = static_cast<std::size_t>(weights_.outputs);
        columns_.reserve(chunk.last - chunk.first);
        for (std::size_t c = chunk.first; c < chunk.last; ++c) {
            columns_.push_back(make_column(weights_, request.initial_states.data() + c * units));
            Column<T>& column = columns_.back();
            if (!request.initial_outputs.empty()) {
                for (std::size_t o = 0; o < outputs; ++o) {
                    column.z[o] = static_cast<T>(request.initial_outputs[c * outputs + o]);
                }
            }
            pointers_.push_back(&column);
        }
    }

    void run() {
        std::size_t next_state = 0;
        for (int t = 0;; ++t) {
            for (; next_state < request_.states_at.size() && request_.states_at[next_state] == t;
                 ++next_state) {
                record_states(next_state);
            }
            if (t == request_.steps) {
                break;
            }
            stop_point();
            for (std::size_t c = 0; c < columns_.size(); ++c) {
                set_input(columns_[c], request_.inputs[first_ + c], t);
            }
            kernels<T>().step(matrix_, pointers_.data(), static_cast<int>(pointers_.size()));
            record_step(t);
        }
        const auto units = static_cast<std::size_t>(weights_.units);
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            std::copy_n(columns_[c].x.data(), units,
                        result_.final_states.data() + (first_ + c) * units);
        }
    }

  private:
    void set_input(Column<T>& column, const double* series, int t) {
        for (std::size_t k = 0; k < column.u.size(); ++k) {
            column.u[k] =
                series != nullptr
                    ? static_cast<T>(series[static_cast<std::size_t>(t) * column.u.size() + k])
                : request_.constant_input.empty() ? T{0}
                                                  : static_cast<T>(request_.constant_input[k]);
        }
    }

    void record_states(std::size_t which) {
        const auto units = static_cast<std::size_t>(weights_.units);
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            std::copy_n(
                columns_[c].x.data(), units,
                result_.states.data() + ((first_ + c) * request_.states_at.size() + which) * units);
        }
    }

    void record_step(int t) {
        const auto units = static_cast<std::size_t>(weights_.units);
        const auto outputs = static_cast<std::size_t>(weights_.outputs);
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            const Column<T>& column = columns_[c];
            const std::size_t condition = first_ + c;
            if (!column.in_range && result_.diverged_at[condition] < 0) {
                result_.diverged_at[condition] = t;
            }
            if (request_.outputs_from >= 0 && t >= request_.outputs_from) {
                const auto step = static_cast<std::size_t>(t - request_.outputs_from);
                std::copy(column.z.begin(), column.z.end(),
                          result_.outputs.data() + (condition * recorded_steps_ + step) * outputs);
            }
            for (std::size_t w = 0; w < request_.mean_rates.size(); ++w) {
                const StepWindow window = request_.mean_rates[w];
                if (t < window.begin || t >= window.end) {
                    continue;
                }
                double* mean = result_.mean_rates.data() +
                               (condition * request_.mean_rates.size() + w) * units;
                for (std::size_t i = 0; i < units; ++i) {
                    mean[i] += static_cast<double>(column.r[i]) / (window.end - window.begin);
                }
            }
        }
    }

    const SimulationRequest& request_;
    const PackedMatrix<T>& matrix_;
    Weights<T> weights_;
    std::vector<Column<T>> columns_;
    std::vector<Column<T>*> pointers_;
    std::size_t first_;
    std::size_t recorded_steps_;
    SimulationResult& result_;
};

}  // namespace

template <typename T>
std::vector<SimulationResult> simulate(std::span<const SimulationRequest> requests, int threads) {
    MatrixCache<T> cache;
    std::vector<std::shared_ptr<const PackedMatrix<T>>> matrices;
    std::vector<SimulationResult> results;
    std::vector<Chunk> chunks;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const SimulationRequest& request = requests[i];
        matrices.push_back(cache.get(request.network->recurrent));
        results.push_back(empty_result(request));
        const std::size_t size = chunk_size<T>(request.network->units);
        for (std::size_t first = 0; first < request.inputs.size(); first += size) {
            chunks.push_back({i, first, std::min(first + size, request.inputs.size())});
        }
    }
    parallel_for(chunks.size(), threads, [&](std::size_t i, int) {
        const FlushDenormals guard;
        const std::size_t at = chunks[i].request;
        Run<T>(requests[at], *matrices[at], chunks[i], results[at]).run();
    });
    return results;
}
template std::vector<SimulationResult> simulate<float>(std::span<const SimulationRequest>, int);
template std::vector<SimulationResult> simulate<double>(std::span<const SimulationRequest>, int);

}  // namespace shoal::cpu
