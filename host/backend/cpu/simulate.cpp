// SPDX-License-Identifier: MIT
#include "backend/cpu/simulate.hpp"

#include <algorithm>

#include "backend/cpu/network.hpp"
#include "core/parallel.hpp"

namespace shoal::cpu {
namespace {

/// All conditions of one network, one column each.
template <typename T>
class Run {
  public:
    Run(const SimulationRequest& request, const PackedMatrix<T>& matrix)
        : request_(request), matrix_(matrix), weights_(pack_weights<T>(*request.network)) {
        const std::size_t conditions = request.inputs.size();
        const auto units = static_cast<std::size_t>(weights_.units);
        const auto outputs = static_cast<std::size_t>(weights_.outputs);
        columns_.reserve(conditions);
        for (std::size_t c = 0; c < conditions; ++c) {
            columns_.push_back(make_column(weights_, request.initial_states.data() + c * units));
            if (!request.initial_outputs.empty()) {
                for (std::size_t o = 0; o < outputs; ++o) {
                    columns_[c].z[o] = static_cast<T>(request.initial_outputs[c * outputs + o]);
                }
            }
            pointers_.push_back(&columns_[c]);
        }
        recorded_steps_ = request.outputs_from < 0
                              ? 0
                              : static_cast<std::size_t>(request.steps - request.outputs_from);
        result_.outputs.resize(conditions * recorded_steps_ * outputs);
        result_.states.resize(conditions * request.states_at.size() * units);
        result_.mean_rates.resize(conditions * request.mean_rates.size() * units);
        result_.diverged_at.assign(conditions, -1);
    }

    SimulationResult run() {
        const FlushDenormals guard;
        std::size_t next_state = 0;
        for (int t = 0;; ++t) {
            for (; next_state < request_.states_at.size() && request_.states_at[next_state] == t;
                 ++next_state) {
                record_states(next_state);
            }
            if (t == request_.steps) {
                break;
            }
            for (std::size_t c = 0; c < columns_.size(); ++c) {
                set_input(columns_[c], request_.inputs[c], t);
            }
            kernels<T>().step(matrix_, pointers_.data(), static_cast<int>(pointers_.size()));
            record_step(t);
        }
        for (const Column<T>& column : columns_) {
            result_.final_states.insert(result_.final_states.end(), column.x.data(),
                                        column.x.data() + weights_.units);
        }
        return std::move(result_);
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
            std::copy_n(columns_[c].x.data(), units,
                        result_.states.data() + (c * request_.states_at.size() + which) * units);
        }
    }

    void record_step(int t) {
        const auto units = static_cast<std::size_t>(weights_.units);
        const auto outputs = static_cast<std::size_t>(weights_.outputs);
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            const Column<T>& column = columns_[c];
            if (!column.in_range && result_.diverged_at[c] < 0) {
                result_.diverged_at[c] = t;
            }
            if (request_.outputs_from >= 0 && t >= request_.outputs_from) {
                const auto step = static_cast<std::size_t>(t - request_.outputs_from);
                std::copy(column.z.begin(), column.z.end(),
                          result_.outputs.data() + (c * recorded_steps_ + step) * outputs);
            }
            for (std::size_t w = 0; w < request_.mean_rates.size(); ++w) {
                const StepWindow window = request_.mean_rates[w];
                if (t < window.begin || t >= window.end) {
                    continue;
                }
                double* mean =
                    result_.mean_rates.data() + (c * request_.mean_rates.size() + w) * units;
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
    std::size_t recorded_steps_ = 0;
    SimulationResult result_;
};

}  // namespace

template <typename T>
std::vector<SimulationResult> simulate(std::span<const SimulationRequest> requests, int threads) {
    MatrixCache<T> cache;
    std::vector<std::shared_ptr<const PackedMatrix<T>>> matrices;
    for (const SimulationRequest& request : requests) {
        matrices.push_back(cache.get(request.network->recurrent));
    }
    std::vector<SimulationResult> results(requests.size());
    parallel_for(requests.size(), threads, [&](std::size_t i, int) {
        const FlushDenormals guard;
        results[i] = Run<T>(requests[i], *matrices[i]).run();
    });
    return results;
}
template std::vector<SimulationResult> simulate<float>(std::span<const SimulationRequest>, int);
template std::vector<SimulationResult> simulate<double>(std::span<const SimulationRequest>, int);

}  // namespace shoal::cpu
