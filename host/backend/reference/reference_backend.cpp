// SPDX-License-Identifier: MIT
#include "backend/reference/reference_backend.hpp"

#include <algorithm>
#include <map>

#include "backend/cpu/ceilings.hpp"
#include "backend/reference/force_network.hpp"
#include "backend/reference/gradient_network.hpp"
#include "core/memory.hpp"
#include "core/parallel.hpp"
#include "core/stop.hpp"

namespace shoal {
namespace {

using reference::ForceNetwork;
using reference::Network;

template <typename T>
class Session final : public ForceSession {
  public:
    explicit Session(int threads) : threads_(threads) {}

    int add(const NetworkModel& model, const ForceRule& rule, const ForceState* resume) override {
        networks_.emplace(next_, ForceNetwork<T>(model, rule, resume));
        return next_++;
    }
    void remove(int handle) override { networks_.erase(handle); }

    void run_trial(std::span<const Work> work, std::span<TrialOutcome> outcomes) override {
        parallel_for(work.size(), threads_, [&](std::size_t i, int) {
            outcomes[i] =
                networks_.at(work[i].handle).run_trial(*work[i].trial, work[i].first_step);
        });
    }

    ForceState state(int handle, Parts parts) const override {
        return networks_.at(handle).state(parts);
    }

  private:
    int threads_;
    int next_ = 0;
    std::map<int, ForceNetwork<T>> networks_;
};

template <typename T>
class Gradients final : public GradientSession {
  public:
    explicit Gradients(int threads) : threads_(threads) {}

    int add(const NetworkModel& model, const GradientRule& rule,
            const GradientState* resume) override {
        networks_.emplace(next_, reference::GradientNetwork<T>(model, rule, resume));
        return next_++;
    }
    void remove(int handle) override { networks_.erase(handle); }

    void run_iteration(std::span<const Work> work, std::span<IterationOutcome> outcomes) override {
        parallel_for(work.size(), threads_, [&](std::size_t i, int) {
            outcomes[i] =
                networks_.at(work[i].handle).run_iteration(*work[i].batch, work[i].iteration);
        });
    }
    IterationOutcome gradient(const Work& work, std::vector<double>& gradient) override {
        return networks_.at(work.handle).gradient(*work.batch, gradient);
    }
    GradientState state(int handle) const override { return networks_.at(handle).state(); }

  private:
    int threads_;
    int next_ = 0;
    std::map<int, reference::GradientNetwork<T>> networks_;
};

template <typename T>
SimulationResult run(const SimulationRequest& request) {
    const auto units = static_cast<std::size_t>(request.network->units);
    const auto outputs = static_cast<std::size_t>(request.network->outputs);
    const auto inputs = static_cast<std::size_t>(request.network->inputs);
    Network<T> network(*request.network);
    SimulationResult result;
    for (std::size_t c = 0; c < request.inputs.size(); ++c) {
        const double* x0 = request.initial_states.data() + c * units;
        network.set_state({x0, x0 + units});
        if (!request.initial_outputs.empty()) {
            const double* z0 = request.initial_outputs.data() + c * outputs;
            network.set_output({z0, z0 + outputs});
        }
        std::vector<double> means(request.mean_rates.size() * units, 0.0);
        int diverged_at = -1;
        auto record_at = request.states_at.begin();
        for (int t = 0;; ++t) {
            for (; record_at != request.states_at.end() && *record_at == t; ++record_at) {
                result.states.insert(result.states.end(), network.state().begin(),
                                     network.state().end());
            }
            if (t == request.steps) {
                break;
            }
            stop_point();
            const double* u = request.inputs[c] != nullptr
                                  ? request.inputs[c] + static_cast<std::size_t>(t) * inputs
                              : request.constant_input.empty() ? nullptr
                                                               : request.constant_input.data();
            if (!network.step(u) && diverged_at < 0) {
                diverged_at = t;
            }
            if (request.outputs_from >= 0 && t >= request.outputs_from) {
                result.outputs.insert(result.outputs.end(), network.output().begin(),
                                      network.output().end());
            }
            for (std::size_t w = 0; w < request.mean_rates.size(); ++w) {
                const StepWindow window = request.mean_rates[w];
                for (std::size_t i = 0; i < units && t >= window.begin && t < window.end; ++i) {
                    means[w * units + i] +=
                        static_cast<double>(network.rates()[i]) / (window.end - window.begin);
                }
            }
        }
        result.final_states.insert(result.final_states.end(), network.state().begin(),
                                   network.state().end());
        result.mean_rates.insert(result.mean_rates.end(), means.begin(), means.end());
        result.diverged_at.push_back(diverged_at);
    }
    return result;
}

template <typename T>
class ReferenceBackend final : public Backend {
  public:
    explicit ReferenceBackend(const BackendOptions& options)
        : precision_(options.precision),
          threads_(options.threads > 0 ? options.threads : available_threads()) {}

    std::string name() const override { return "reference"; }
    std::string instruction_set() const override { return "portable"; }
    Precision precision() const override { return precision_; }
    int threads() const override { return threads_; }

    std::unique_ptr<ForceSession> force_session() override {
        return std::make_unique<Session<T>>(threads_);
    }
    std::unique_ptr<GradientSession> gradient_session() override {
        return std::make_unique<Gradients<T>>(threads_);
    }
    std::vector<SimulationResult> simulate(std::span<const SimulationRequest> requests) override {
        std::vector<SimulationResult> results(requests.size());
        parallel_for(requests.size(), threads_,
                     [&](std::size_t i, int) { results[i] = run<T>(requests[i]); });
        return results;
    }

    std::uint64_t force_bytes(int units, int outputs, int groups) const override {
        const auto n = static_cast<std::uint64_t>(units);
        return sizeof(T) * (n * n + static_cast<std::uint64_t>(groups) * n * (n + 1) / 2 +
                            n * static_cast<std::uint64_t>(4 + 3 * outputs));
    }
    std::uint64_t gradient_bytes(const GradientShape& shape) const override {
        const WeightLayout layout(shape);  // weights, moments, gradient; W before and dW
        return sizeof(T) * (4 * layout.size + 2 * layout.input);
    }
    std::uint64_t gradient_scratch_bytes(const GradientShape& shape) const override {
        const auto steps = static_cast<std::uint64_t>(shape.steps) + 1;
        const auto row = static_cast<std::uint64_t>(3 * shape.units + shape.outputs);
        return sizeof(T) * static_cast<std::uint64_t>(threads_) * steps * row;
    }
    std::uint64_t recurrent_bytes(int) const override {
        return 0;
    }  // every network has its own copy
    std::uint64_t available_memory() const override { return shoal::available_memory(); }
    std::size_t networks_at_once() const override {
        return static_cast<std::size_t>(std::max(32, 4 * threads_));
    }
    Ceilings measure_ceilings(double seconds) const override {
        return cpu::measure_ceilings(threads_, seconds);
    }

  private:
    Precision precision_;
    int threads_;
};

}  // namespace

std::unique_ptr<Backend> make_reference_backend(const BackendOptions& options) {
    if (options.precision == Precision::fp64) {
        return std::make_unique<ReferenceBackend<double>>(options);
    }
    return std::make_unique<ReferenceBackend<float>>(options);
}

}  // namespace shoal
