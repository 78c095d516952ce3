// SPDX-License-Identifier: MIT
// What the behavioural tests of one network cost. Networks of the quickstart's kind are trained by
// FORCE on the cpu backend; of each that is accepted the tests run, one thread, and their
// processor time is printed, with the rate of the recurrent products (2 N^2 per network-step) held
// against the machine's fused multiply-adds.
//
//   behaviour_cost [NETWORKS] [UNITS] [TRIALS]
#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <functional>

#include "analysis/experiments/behaviour.hpp"
#include "analysis/experiments/delay_activity.hpp"
#include "analysis/experiments/forgetting.hpp"
#include "analysis/experiments/noise_robustness.hpp"
#include "analysis/experiments/silencing.hpp"
#include "backend/readout_groups.hpp"
#include "train/acceptance.hpp"

namespace {

using namespace shoal;

double processor_seconds() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Counts network-steps on their way to the cpu backend.
class CountingBackend final : public Backend {
  public:
    CountingBackend() : backend_(make_backend("cpu", {Precision::fp32, 1, 0})) {}
    std::vector<SimulationResult> simulate(std::span<const SimulationRequest> requests) override {
        for (const SimulationRequest& request : requests) {
            steps += static_cast<double>(request.steps) * request.conditions();
        }
        return backend_->simulate(requests);
    }
    std::string name() const override { return backend_->name(); }
    std::string instruction_set() const override { return backend_->instruction_set(); }
    Precision precision() const override { return backend_->precision(); }
    int threads() const override { return 1; }
    std::unique_ptr<ForceSession> force_session() override { return backend_->force_session(); }
    std::unique_ptr<GradientSession> gradient_session() override {
        return backend_->gradient_session();
    }
    std::uint64_t force_bytes(int units, int outputs, int groups) const override {
        return backend_->force_bytes(units, outputs, groups);
    }
    std::uint64_t recurrent_bytes(int units) const override {
        return backend_->recurrent_bytes(units);
    }
    std::uint64_t gradient_bytes(const GradientShape& shape) const override {
        return backend_->gradient_bytes(shape);
    }
    std::uint64_t gradient_scratch_bytes(const GradientShape& shape) const override {
        return backend_->gradient_scratch_bytes(shape);
    }
    std::uint64_t available_memory() const override { return backend_->available_memory(); }
    std::size_t networks_at_once() const override { return backend_->networks_at_once(); }
    Ceilings measure_ceilings(double seconds) const override {
        return backend_->measure_ceilings(seconds);
    }

    double steps = 0.0;

  private:
    std::unique_ptr<Backend> backend_;
};

/// A trained network, or one whose readout stayed at 0 where training diverged.
AnalysisInput trained(const NetworkSpec& spec, int trials, Backend& backend) {
    AnalysisInput input;
    input.task = make_task(spec.task, spec.network, ErrorSchedule::epochs);
    input.key = spec.key();
    const TaskShape shape = input.task->shape();
    input.model = NetworkFactory().make(spec, shape.inputs, shape.outputs);
    const auto session = backend.force_session();
    const int handle = session->add(input.model, force_rule(1.0, *input.task), nullptr);
    const auto types = input.task->training_order(input.key, trials);
    Trial trial;
    for (int i = 0; i < trials; ++i) {
        input.task->training_trial(input.key, i, types[static_cast<std::size_t>(i)], trial);
        const ForceSession::Work work{handle, &trial, std::int64_t{shape.steps} * i, {}};
        TrialOutcome outcome;
        session->run_trial({&work, 1}, {&outcome, 1});
    }
    const ForceState state = session->state(handle, ForceSession::Parts::weights);
    input.model.readout = state.readout;
    input.model.initial_state = state.state;
    return input;
}

struct Stage {
    const char* name;
    std::function<std::string()> run;  ///< returns what came out, in a few words
};

}  // namespace

int main(int argc, char** argv) {
    const int networks = argc > 1 ? std::atoi(argv[1]) : 16;
    NetworkSpec spec;
    spec.network.units = argc > 2 ? std::atoi(argv[2]) : 200;
    const int trials = argc > 3 ? std::atoi(argv[3]) : 1000;
    CountingBackend backend;
    const double peak = backend.measure_ceilings(1.0).gflops;
    fmt::print("{}, {:.1f} Gflop/s of fused multiply-adds on one thread\n",
               backend.instruction_set(), peak);

    constexpr double gains[] = {1.0, 1.2};
    constexpr double feedback_scales[] = {0.1, 0.2, 0.4, 1.0};
    double total = 0.0;
    int tested = 0;
    for (int i = 0; i < networks; ++i) {
        spec.replicate = static_cast<std::uint32_t>(i / 8);
        spec.network.gain = gains[i % 2];
        spec.network.feedback_scale = feedback_scales[i / 2 % 4];
        AnalysisInput input = trained(spec, trials, backend);
        const Candidate candidate{&input.model, input.task.get(), input.key};
        TestOutcome outcome = test_networks(backend, {&candidate, 1}).front();
        fmt::print("gain {}, feedback {}, replicate {}: {:.3f} of the runs failed acceptance\n",
                   spec.network.gain, spec.network.feedback_scale, spec.replicate,
                   outcome.acceptance.fraction_failed);
        if (!outcome.acceptance.accepted) {
            continue;
        }
        ++tested;
        input.conclusions = std::move(outcome.conclusions);
        ConditionTrials conditions;
        const Stage stages[] = {
            {"nominal trials",
             [&] {
                 conditions = run_conditions(input, backend);
                 return fmt::format("score {:.3f}", conditions.score);
             }},
            {"forgetting",
             [&] {
                 const auto record = measure_forgetting(input, conditions, backend);
                 return fmt::format(
                     "median {}{:.1f}, {:.2f} failed and {:.2f} asymptotic at the "
                     "longest",
                     record.median_censored ? "at least " : "", record.median_survival,
                     record.failed_share.back(), record.asymptotic_share.back());
             }},
            {"noise",
             [&] {
                 const auto record = measure_noise_robustness(input, conditions, backend);
                 return fmt::format("half right up to {:.2f} uniform, {:.2f} Gaussian",
                                    record.uniform_half_right, record.gaussian_half_right);
             }},
            {"silencing",
             [&] {
                 const auto record = measure_silencing(input, conditions, backend);
                 return fmt::format("{} critical units; 5 % silenced: {:.2f} failed",
                                    record.critical_units, record.failed_random.front());
             }},
            {"activity",
             [&] {
                 const auto record = measure_activity(conditions, efficiency(-1, 0.0, 1.0));
                 return fmt::format("{:.2f} dimensions, phasic {:.3f}", record.participation_ratio,
                                    record.phasic_index);
             }},
        };
        for (const Stage& stage : stages) {
            backend.steps = 0.0;
            const double start = processor_seconds();
            const std::string what = stage.run();
            const double seconds = processor_seconds() - start;
            const double rate =
                2e-9 * spec.network.units * spec.network.units * backend.steps / seconds;
            total += seconds;
            fmt::print("  {:15} {:7.3f} s {:10.0f} network-steps {:6.1f} Gflop/s ({:.0f} %)  {}\n",
                       stage.name, seconds, backend.steps, rate, 100.0 * rate / peak, what);
        }
    }
    if (tested > 0) {
        fmt::print("{} networks, {:.2f} processor-seconds each\n", tested, total / tested);
    }
    return 0;
}
