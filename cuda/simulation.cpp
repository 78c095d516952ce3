// SPDX-License-Identifier: MIT
#include "simulation.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/error.hpp"
#include "device_network.hpp"
#include "launch/launch.hpp"
#include "streamed_trials.hpp"

namespace shoal::cuda {
namespace {

std::size_t number(int i) {
    return static_cast<std::size_t>(i);
}

/// One request in device memory.
template <typename T>
class DeviceRun {
  public:
    DeviceRun(const SimulationRequest& request, const DeviceLimits& limits,
              MatrixCache<T>& matrices, Stream& stream)
        : request_(request),
          units_(number(request.network->units)),
          outputs_(number(request.network->outputs)),
          conditions_(request.inputs.size()) {
        const NetworkModel& model = *request.network;
        matrix_ = matrices.get(model.recurrent, stream);
        PackedUpload<T> upload;
        const WeightPlaces weights = append_weights(upload, model);
        const std::size_t readout = upload.append(model.readout);
        const std::size_t constant = upload.append(request.constant_input);
        std::map<const double*, std::size_t> series;
        for (const double* inputs : request.inputs) {
            if (inputs != nullptr && !series.contains(inputs)) {
                series[inputs] =
                    upload.append(inputs, number(request.steps) * number(model.inputs));
            }
        }
        const std::size_t states = upload.append(request.initial_states);
        const std::size_t z = upload.append_zeros(conditions_ * outputs_);
        for (std::size_t c = 0; c < conditions_; ++c) {
            const auto first = first_output<T>(model, request.initial_states.data() + c * units_);
            for (std::size_t o = 0; o < outputs_; ++o) {
                upload[z + c * outputs_ + o] =
                    request.initial_outputs.empty()
                        ? first[o]
                        : static_cast<T>(request.initial_outputs[c * outputs_ + o]);
            }
        }
        block_ = upload.upload(stream);
        state_ = block_.data() + states;

        recorded_steps_ =
            request.outputs_from < 0 ? 0 : number(request.steps - request.outputs_from);
        recorded_ = DeviceArray<T>(conditions_ * recorded_steps_ * outputs_);
        const std::vector<double> zeros(conditions_ * request.mean_rates.size() * units_, 0.0);
        rate_sums_ = DeviceArray<double>(std::span<const double>(zeros), stream);
        const std::vector<int> never(conditions_, -1);
        diverged_at_ = DeviceArray<int>(std::span<const int>(never), stream);
        std::vector<MeanWindow> windows;
        for (const StepWindow& window : request.mean_rates) {
            windows.push_back({window.begin, window.end});
        }
        windows_ = DeviceArray<MeanWindow>(std::span<const MeanWindow>(windows), stream);

        policy_ = simulation_policy(request.network->units, model.input.empty() ? 0 : model.inputs,
                                    model.outputs,
                                    sizeof(T) == 4 ? Precision::fp32 : Precision::fp64, limits);
        if (policy_.route == Route::streamed) {
            rates_ = DeviceArray<T>(2 * conditions_ * units_);
        }
        run_ = {weights_of<T>(model, *matrix_, block_.data(), weights),
                block_.data() + readout,
                request.constant_input.empty() ? nullptr : block_.data() + constant,
                request.steps,
                std::max(0, request.outputs_from),
                windows_.data(),
                static_cast<int>(windows.size())};
        for (std::size_t c = 0; c < conditions_; ++c) {
            const double* inputs = request.inputs[c];
            Condition<T>& condition = table_.emplace_back();
            condition.inputs = inputs != nullptr ? block_.data() + series.at(inputs) : nullptr;
            condition.state = state_ + c * units_;
            condition.output = block_.data() + z + c * outputs_;
            condition.rates = rates_.size() > 0 ? rates_.data() + 2 * c * units_ : nullptr;
            condition.product = rates_.size() > 0 ? condition.rates + units_ : nullptr;
            condition.recorded =
                recorded_steps_ > 0 ? recorded_.data() + c * recorded_steps_ * outputs_ : nullptr;
            condition.rate_sums = rate_sums_.data() + c * windows.size() * units_;
            condition.diverged_at = diverged_at_.data() + c;
        }
        result_.states.resize(conditions_ * request.states_at.size() * units_);
        stream.synchronize();
    }

    /// About the device memory that a request takes, beside its matrix.
    static std::uint64_t bytes(const SimulationRequest& request) {
        const std::uint64_t n = number(request.network->units);
        const std::uint64_t outputs = number(request.network->outputs);
        const std::uint64_t conditions = request.inputs.size();
        const std::set<const double*> series(request.inputs.begin(), request.inputs.end());
        const std::uint64_t recorded =
            request.outputs_from < 0 ? 0 : number(request.steps - request.outputs_from);
        return sizeof(T) *
                   (n * (2 * outputs + number(request.network->inputs) + 1) +
                    series.size() * number(request.steps) * number(request.network->inputs) +
                    conditions * (3 * n + outputs + recorded * outputs)) +
               sizeof(double) * conditions * request.mean_rates.size() * n;
    }

    const SimulationRequest& request() const { return request_; }
    const SimulationPolicy& policy() const { return policy_; }
    const Run<T>& run() const { return run_; }
    const std::vector<Condition<T>>& conditions() const { return table_; }

    /// Reads the state as it is now into the result's place `which` of states_at.
    void record_state(std::size_t which, Stream& stream) {
        const auto states = read_states(stream);
        for (std::size_t c = 0; c < conditions_; ++c) {
            std::copy_n(
                states.begin() + static_cast<std::ptrdiff_t>(c * units_), units_,
                result_.states.begin() +
                    static_cast<std::ptrdiff_t>((c * request_.states_at.size() + which) * units_));
        }
    }

    SimulationResult finish(Stream& stream) {
        const auto states = read_states(stream);
        result_.final_states.assign(states.begin(), states.end());
        std::vector<T> recorded(recorded_.size());
        recorded_.download(recorded, stream);
        result_.mean_rates.resize(rate_sums_.size());
        rate_sums_.download(result_.mean_rates, stream);
        result_.diverged_at.resize(conditions_);
        diverged_at_.download(result_.diverged_at, stream);
        stream.synchronize();
        result_.outputs.assign(recorded.begin(), recorded.end());
        for (std::size_t i = 0; i < result_.mean_rates.size(); ++i) {
            const StepWindow window = request_.mean_rates[i / units_ % request_.mean_rates.size()];
            result_.mean_rates[i] /= window.end - window.begin;
        }
        return std::move(result_);
    }

  private:
    std::vector<T> read_states(Stream& stream) const {
        std::vector<T> states(conditions_ * units_);
        block_.download(states, stream, static_cast<std::size_t>(state_ - block_.data()));
        stream.synchronize();
        return states;
    }

    const SimulationRequest& request_;
    std::size_t units_, outputs_, conditions_;
    std::size_t recorded_steps_ = 0;
    typename MatrixCache<T>::Matrix matrix_;
    SimulationPolicy policy_;
    DeviceArray<T> block_, recorded_, rates_;
    DeviceArray<double> rate_sums_;
    DeviceArray<int> diverged_at_;
    DeviceArray<MeanWindow> windows_;
    T* state_ = nullptr;
    Run<T> run_;
    std::vector<Condition<T>> table_;
    SimulationResult result_;
};

/// Conditions of one route, taken through the same steps by the same launches.
template <typename T>
class RouteLaunches {
  public:
    RouteLaunches(Route route, const std::vector<DeviceRun<T>*>& runs, const DeviceLimits& limits,
                  Stream& stream)
        : route_(route) {
        std::size_t conditions = 0;
        for (const DeviceRun<T>* run : runs) {
            conditions += run->conditions().size();
        }
        // Few conditions are spread over the whole device; the launch keeps to what each of its
        // runs allows.
        per_block_ = static_cast<int>((conditions + number(limits.multiprocessors) - 1) /
                                      number(limits.multiprocessors));
        steps_per_launch_ = runs.front()->policy().steps_per_launch;
        for (const DeviceRun<T>* run : runs) {
            const SimulationPolicy& policy = run->policy();
            shape_.threads = std::max(shape_.threads, policy.threads);
            per_block_ = std::min(per_block_, policy.conditions_per_block);
            steps_per_launch_ = std::min(steps_per_launch_, policy.steps_per_launch);
        }
        per_block_ = std::max(per_block_, 1);
        fill(runs);
        d_runs_ = DeviceArray<Run<T>>(std::span<const Run<T>>(runs_), stream);
        d_conditions_ =
            DeviceArray<Condition<T>>(std::span<const Condition<T>>(conditions_), stream);
        d_ranges_ = DeviceArray<ConditionRange>(std::span<const ConditionRange>(ranges_), stream);
        d_columns_ =
            DeviceArray<ProductColumn<T>>(std::span<const ProductColumn<T>>(columns_), stream);
        d_tiles_ = DeviceArray<ProductTile<T>>(std::span<const ProductTile<T>>(tiles_), stream);
        stream.synchronize();
        if (route_ == Route::streamed) {
            launch(operation::BeginRun<T>{d_runs_.data(), d_conditions_.data()},
                   {static_cast<int>(conditions_.size()), AdvanceArguments<T>::threads, 0}, stream);
        }
    }

    /// Steps first ... last - 1 of every run that goes on.
    void advance(int first, int last, Stream& stream) {
        if (route_ == Route::streamed) {
            for (int t = first; t < last; ++t) {
                step(t, stream);
            }
            return;
        }
        if constexpr (sizeof(T) == 4) {
            for (int t = first; t < last; t += steps_per_launch_) {
                send({d_runs_.data(), d_conditions_.data(), d_ranges_.data(), per_block_, t,
                      std::min(last, t + steps_per_launch_)},
                     stream);
            }
        }
    }

  private:
    void fill(const std::vector<DeviceRun<T>*>& runs) {
        std::vector<const T*> matrices;
        std::vector<int> units;
        for (std::size_t i = 0; i < runs.size(); ++i) {
            const Run<T>& run = runs[i]->run();
            const Weights<T>& w = run.weights;
            runs_.push_back(run);
            outputs_ = std::max(outputs_, w.outputs);
            const auto begin = static_cast<int>(conditions_.size());
            for (Condition<T> condition : runs[i]->conditions()) {
                condition.run = static_cast<int>(i);
                conditions_.push_back(condition);
                matrices.push_back(w.recurrent);
                units.push_back(w.units);
            }
            const auto end = static_cast<int>(conditions_.size());
            for (int at = begin; at < end; at += per_block_) {
                ranges_.push_back({at, std::min(per_block_, end - at)});
            }
            if (route_ != Route::streamed) {
                shape_.shared_bytes = std::max(
                    shape_.shared_bytes,
                    simulation_shared_bytes(route_, w.units, w.inputs, w.outputs, per_block_));
            }
        }
        shape_.blocks = static_cast<int>(ranges_.size());
        if (route_ == Route::streamed) {
            ProductPlan<T> products = plan_products(matrices, units);
            for (const std::size_t c : products.order) {
                columns_.push_back({conditions_[c].rates, conditions_[c].product});
            }
            tiles_ = std::move(products.tiles);
        }
    }

    void step(int t, Stream& stream) {
        launch(operation::Multiply<T>{d_tiles_.data(), d_columns_.data()},
               {static_cast<int>(tiles_.size()), ProductTile<T>::threads,
                ProductTile<T>::shared_bytes},
               stream);
        const AdvanceArguments<T> arguments{d_runs_.data(), d_conditions_.data(), false};
        launch(operation::Advance<T>{arguments, t},
               {static_cast<int>(conditions_.size()), AdvanceArguments<T>::threads,
                advance_shared_bytes<T>(outputs_)},
               stream);
    }

    void send(const SimulateOnChipArguments& arguments, Stream& stream) {
        switch (route_) {
            case Route::tile32:
                launch(operation::SimulateOnChip<Tile32>{arguments}, shape_, stream);
                break;
            case Route::tile64:
                launch(operation::SimulateOnChip<Tile64>{arguments}, shape_, stream);
                break;
            case Route::tile128:
                launch(operation::SimulateOnChip<Tile128>{arguments}, shape_, stream);
                break;
            default:
                launch(operation::SimulateOnChip<Tile204>{arguments}, shape_, stream);
                break;
        }
    }

    Route route_;
    LaunchShape shape_;
    int per_block_ = 1;
    int steps_per_launch_ = 1;
    int outputs_ = 0;
    std::vector<Run<T>> runs_;
    std::vector<Condition<T>> conditions_;
    std::vector<ConditionRange> ranges_;
    std::vector<ProductColumn<T>> columns_;
    std::vector<ProductTile<T>> tiles_;
    DeviceArray<Run<T>> d_runs_;
    DeviceArray<Condition<T>> d_conditions_;
    DeviceArray<ConditionRange> d_ranges_;
    DeviceArray<ProductColumn<T>> d_columns_;
    DeviceArray<ProductTile<T>> d_tiles_;
};

/// Runs requests that are in device memory together.
template <typename T>
void run_batch(std::vector<std::unique_ptr<DeviceRun<T>>>& batch, const DeviceLimits& limits,
               Stream& stream) {
    std::map<Route, std::vector<DeviceRun<T>*>> by_route;
    std::set<int> stops;  // steps after which somebody's state is wanted, and the ends
    for (const auto& run : batch) {
        by_route[run->policy().route].push_back(run.get());
        stops.insert(run->request().steps);
        stops.insert(run->request().states_at.begin(), run->request().states_at.end());
    }
    std::vector<RouteLaunches<T>> launches;
    for (const auto& [route, runs] : by_route) {
        launches.emplace_back(route, runs, limits, stream);
    }
    int now = 0;
    for (const int stop : stops) {
        for (RouteLaunches<T>& each : launches) {
            each.advance(now, stop, stream);
        }
        now = stop;
        for (const auto& run : batch) {
            const auto& wanted = run->request().states_at;
            for (std::size_t which = 0; which < wanted.size(); ++which) {
                if (wanted[which] == now) {
                    run->record_state(which, stream);
                }
            }
        }
    }
}

}  // namespace

template <typename T>
std::vector<SimulationResult> simulate(std::span<const SimulationRequest> requests,
                                       const DeviceLimits& limits) {
    if (requests.empty()) {
        return {};
    }
    const Phase phase("simulation", requests.front().network->uid, requests.back().network->uid,
                      requests.size());
    Stream stream;
    MatrixCache<T> matrices;
    std::vector<SimulationResult> results(requests.size());
    for (std::size_t first = 0; first < requests.size();) {
        const std::uint64_t room = free_device_memory() / 10 * 8;
        std::uint64_t taken = 0;
        std::vector<std::unique_ptr<DeviceRun<T>>> batch;
        while (first + batch.size() < requests.size()) {
            const SimulationRequest& request = requests[first + batch.size()];
            const std::uint64_t n = number(request.network->units);
            taken += DeviceRun<T>::bytes(request) + n * n * sizeof(T);
            if (!batch.empty() && taken > room) {
                break;
            }
            batch.push_back(std::make_unique<DeviceRun<T>>(request, limits, matrices, stream));
        }
        run_batch(batch, limits, stream);
        for (std::size_t i = 0; i < batch.size(); ++i) {
            results[first + i] = batch[i]->finish(stream);
        }
        first += batch.size();
    }
    return results;
}
template std::vector<SimulationResult> simulate<float>(std::span<const SimulationRequest>,
                                                       const DeviceLimits&);
template std::vector<SimulationResult> simulate<double>(std::span<const SimulationRequest>,
                                                        const DeviceLimits&);

}  // namespace shoal::cuda
