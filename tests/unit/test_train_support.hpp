// SPDX-License-Identifier: MIT
// Tiny populations, and a backend that counts and can ask for a stop, for the tests of host/train.
#pragma once

#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "any_record.hpp"
#include "backend/backend.hpp"
#include "config/config.hpp"
#include "core/stop.hpp"
#include "store/exchange_files.hpp"
#include "store/segments.hpp"
#include "test_store_support.hpp"
#include "train/trainer.hpp"

namespace shoal::test {

inline std::string with_sweep(const std::string& sweep, int trials = 4) {
    return "network: {units: 8}\n"
           "task:\n"
           "  source: gaussians\n"
           "  durations: {stimulus1: 0.4, delay1: 0.3, stimulus2: 0.4, delay2: 0.3, response: "
           "0.5}\n"
           "training: {trials: " +
           std::to_string(trials) + "}\nsweep:\n" + sweep;
}

inline Config config_of(const std::string& text) {
    return parse_config(text, "test", ".");
}

inline std::shared_ptr<const Task> task_of(const NetworkSpec& spec) {
    return make_task(spec.task, spec.network, spec.training.error, load_task_trials);
}

/// Forwards to another backend; counts network-trials (gradient training: network-iterations) and
/// asks for a stop after some calls.
class CountingBackend final : public Backend {
  public:
    explicit CountingBackend(std::unique_ptr<Backend> inner) : inner_(std::move(inner)) {}
    std::string name() const override { return inner_->name(); }
    std::string instruction_set() const override { return inner_->instruction_set(); }
    Precision precision() const override { return inner_->precision(); }
    int threads() const override { return inner_->threads(); }
    std::unique_ptr<ForceSession> force_session() override {
        return std::make_unique<Session>(*this, inner_->force_session());
    }
    std::unique_ptr<GradientSession> gradient_session() override {
        return std::make_unique<Gradients>(*this, inner_->gradient_session());
    }
    std::uint64_t gradient_bytes(const GradientShape& shape) const override {
        return inner_->gradient_bytes(shape);
    }
    std::uint64_t gradient_scratch_bytes(const GradientShape& shape) const override {
        return inner_->gradient_scratch_bytes(shape);
    }
    std::vector<SimulationResult> simulate(std::span<const SimulationRequest> requests) override {
        simulations += requests.size();
        return inner_->simulate(requests);
    }
    std::uint64_t force_bytes(int units, int outputs, int groups) const override {
        return inner_->force_bytes(units, outputs, groups);
    }
    std::uint64_t recurrent_bytes(int units) const override {
        return inner_->recurrent_bytes(units);
    }
    std::uint64_t available_memory() const override { return inner_->available_memory(); }
    std::size_t networks_at_once() const override { return inner_->networks_at_once(); }
    Ceilings measure_ceilings(double seconds) const override {
        return inner_->measure_ceilings(seconds);
    }

    int calls = 0;                        ///< of run_trial and run_iteration
    int stop_after = -1;                  ///< calls after which a stop is asked for; -1: never
    std::size_t trials = 0;               ///< network-trials run
    std::size_t simulations = 0;          ///< requests simulated
    std::vector<std::size_t> wave_sizes;  ///< [call]

    void ran(std::size_t networks) {
        trials += networks;
        wave_sizes.push_back(networks);
        if (++calls == stop_after) {
            catch_stop_signals();
            std::raise(SIGTERM);
        }
    }

  private:
    class Session final : public ForceSession {
      public:
        Session(CountingBackend& owner, std::unique_ptr<ForceSession> inner)
            : owner_(owner), inner_(std::move(inner)) {}
        int add(const NetworkModel& model, const ForceRule& rule,
                const ForceState* resume) override {
            return inner_->add(model, rule, resume);
        }
        void remove(int handle) override { inner_->remove(handle); }
        void run_trial(std::span<const Work> work, std::span<TrialOutcome> outcomes) override {
            inner_->run_trial(work, outcomes);
            owner_.ran(work.size());
        }
        ForceState state(int handle, Parts parts) const override {
            return inner_->state(handle, parts);
        }

      private:
        CountingBackend& owner_;
        std::unique_ptr<ForceSession> inner_;
    };
    class Gradients final : public GradientSession {
      public:
        Gradients(CountingBackend& owner, std::unique_ptr<GradientSession> inner)
            : owner_(owner), inner_(std::move(inner)) {}
        int add(const NetworkModel& model, const GradientRule& rule,
                const GradientState* resume) override {
            return inner_->add(model, rule, resume);
        }
        void remove(int handle) override { inner_->remove(handle); }
        void run_iteration(std::span<const Work> work,
                           std::span<IterationOutcome> outcomes) override {
            inner_->run_iteration(work, outcomes);
            owner_.ran(work.size());
        }
        IterationOutcome gradient(const Work& work, std::vector<double>& values) override {
            return inner_->gradient(work, values);
        }
        GradientState state(int handle) const override { return inner_->state(handle); }

      private:
        CountingBackend& owner_;
        std::unique_ptr<GradientSession> inner_;
    };
    std::unique_ptr<Backend> inner_;
};

inline CountingBackend counting(const std::string& name, Precision precision = Precision::fp64) {
    return CountingBackend(make_backend(name, {precision, 1, 0}));
}

/// Trains into folder/checkpoint; false if it was interrupted.
inline bool train(const Config& config, Backend& backend, const Folder& folder,
                  double checkpoint_seconds = 30.0, std::uint64_t max_memory = 0) {
    TrainerOptions options;
    options.checkpoint = folder / "checkpoint";
    options.checkpoint_seconds = checkpoint_seconds;
    options.max_memory = max_memory;
    SegmentStore<TrainedNetwork> finished(options.checkpoint, "trained");
    Progress progress(Progress::Mode::quiet);
    clear_stop_request();
    try {
        train_population(config, backend, options, finished, progress);
        return true;
    } catch (const Error& error) {
        clear_stop_request();
        if (error.code() != ExitCode::interrupted) {
            throw;
        }
        return false;
    }
}

inline TrainedNetwork trained(const Folder& folder, const std::string& uid) {
    const auto record = SegmentStore<TrainedNetwork>(folder / "checkpoint", "trained").read(uid);
    EXPECT_TRUE(record.has_value()) << uid;
    return record.value_or(TrainedNetwork{});
}

inline void expect_same_records(const Config& config, const Folder& a, const Folder& b) {
    for (const NetworkSpec& spec : config.networks) {
        EXPECT_TRUE(same_record(trained(a, spec.uid), trained(b, spec.uid))) << spec.uid;
    }
}

}  // namespace shoal::test
