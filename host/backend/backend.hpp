// SPDX-License-Identifier: MIT
// What trains and simulates networks. Promise: a network gets the same bits alone or in any
// company, at any number of threads, for one backend, instruction set and precision.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backend/gradient.hpp"
#include "config/spec.hpp"
#include "model/equations.hpp"
#include "model/network.hpp"
#include "task/task.hpp"

namespace shoal {

struct BackendOptions {
    Precision precision = Precision::fp32;
    int threads = 0;  ///< 0: all processors this process may use
    int device = 0;
};

/// The learning rule of one network under FORCE (host/MATHEMATICS.md, A.5).
struct ForceRule {
    double alpha = 1.0;              ///< every P starts at I / alpha
    std::vector<int> output_groups;  ///< [output]: outputs of a group share one P
    bool groups_overlap = false;     ///< whether two groups may have an error at the same step
};

/// Everything that changes while a network trains. In double, whatever the precision: a float is
/// exact in a double, so that saving and restoring keeps every bit.
struct ForceState {
    std::vector<double> state;    ///< x, [unit]
    std::vector<double> readout;  ///< [output, unit]
    /// z(t) fed back at the next step, [output]: computed before the last weight change, hence not
    /// recoverable from state and readout.
    std::vector<double> output;
    /// Per group the lower triangle of P, rows packed: P[i][j] at i (i + 1) / 2 + j, j <= i.
    std::vector<std::vector<double>> inverse_correlation;
};

/// What one trial of training did.
struct TrialOutcome {
    std::vector<double>
        rms_error;         ///< [output]: over the trial's masked steps, before their updates
    int diverged_at = -1;  ///< step of the trial whose state or output left the range, or -1
};

/// States of some networks as they were at one moment. May be read on another thread while training
/// goes on.
class ForceSnapshot {
  public:
    virtual ~ForceSnapshot() = default;
    virtual ForceState state(std::size_t i) const = 0;
};

/// Networks in FORCE training, held by the backend between trials. The error at global step i is
/// used (one RLS update) when the mask is set and i is even.
class ForceSession {
  public:
    virtual ~ForceSession() = default;

    /// Adds a network, starting fresh (resume == nullptr) or from a saved state. Returns its
    /// handle.
    virtual int add(const NetworkModel& model, const ForceRule& rule, const ForceState* resume) = 0;
    /// Frees a network's memory; its handle may be given out again.
    virtual void remove(int handle) = 0;

    /// Whether the session draws the trials of this recipe (Task::recipe) itself, so that nobody
    /// needs to write them out.
    virtual bool draws(const TrialRecipe& recipe) const {
        static_cast<void>(recipe);
        return false;
    }

    struct Work {
        int handle = 0;
        const Trial* trial = nullptr;  ///< null: the session draws `drawn`
        std::int64_t first_step = 0;   ///< global step of the trial's first step
        TrialDraw drawn = {};
    };
    /// Advances the listed networks by one trial each. outcomes[i] belongs to work[i]. A network
    /// that diverges keeps the state and readout it had before this trial.
    virtual void run_trial(std::span<const Work> work, std::span<TrialOutcome> outcomes) = 0;

    /// State between two trials. With Parts::weights P is left out.
    enum class Parts { weights, everything };
    virtual ForceState state(int handle, Parts parts) const = 0;
    /// A copy of everything of the listed networks, so that a checkpoint can be written while they
    /// train on. Null where a copy would take too much memory: then state() is read instead.
    virtual std::unique_ptr<ForceSnapshot> snapshot(std::span<const int> handles) const {
        static_cast<void>(handles);
        return nullptr;
    }
};

/// A batch of runs ("conditions") of one network with frozen weights.
struct SimulationRequest {
    const NetworkModel* network = nullptr;
    int steps = 0;
    std::vector<double> initial_states;  ///< [condition, unit]
    std::vector<double>
        initial_outputs;  ///< [condition, output] fed back at step 0; empty: readout r
    std::vector<const double*> inputs;   ///< [condition] -> [time, input]; null: constant_input
    std::vector<double> constant_input;  ///< [input]; empty: 0
    int outputs_from = -1;               ///< record z of steps outputs_from ... steps-1; -1: none
    std::vector<int> states_at;          ///< record the state after this many steps, ascending
    std::vector<StepWindow> mean_rates;  ///< record the mean of r over these steps
    int conditions(void) const { return static_cast<int>(inputs.size()); }
};

struct SimulationResult {
    std::vector<double> outputs;  ///< [condition, recorded step, output]; step t: after inputs[t]
    std::vector<double> states;   ///< [condition, states_at, unit]
    std::vector<double> mean_rates;    ///< [condition, window, unit]
    std::vector<double> final_states;  ///< [condition, unit]
    std::vector<int> diverged_at;      ///< [condition]: first step out of range, or -1
};

/// What the hardware under a backend can do at most.
struct Ceilings {
    double gflops = 0.0;             ///< fused multiply-adds in fp32
    double tf32_gflops = 0.0;        ///< the same by matrix units on tf32; 0: has none
    double gbytes_per_second = 0.0;  ///< memory larger than the caches; a copy counts both ways
};

class Backend {
  public:
    virtual ~Backend() = default;
    virtual std::string name() const = 0;             ///< "reference", "cpu", "cuda"
    virtual std::string instruction_set() const = 0;  ///< part of what fixes the bits
    virtual Precision precision() const = 0;
    virtual int threads() const = 0;

    virtual std::unique_ptr<ForceSession> force_session() = 0;
    virtual std::unique_ptr<GradientSession> gradient_session() = 0;
    /// results[i] belongs to requests[i]; parallel over requests at least. On the CPU every step is
    /// a stop point.
    virtual std::vector<SimulationResult> simulate(std::span<const SimulationRequest> requests) = 0;

    /// Bytes one more network in a FORCE session takes, without and with a recurrent matrix of its
    /// own.
    virtual std::uint64_t force_bytes(int units, int outputs, int groups) const = 0;
    virtual std::uint64_t recurrent_bytes(int units) const = 0;
    /// Bytes one more network in a GradientSession takes, and what an iteration takes besides,
    /// whatever the number of networks.
    virtual std::uint64_t gradient_bytes(const GradientShape& shape) const = 0;
    virtual std::uint64_t gradient_scratch_bytes(const GradientShape& shape) const = 0;
    /// Bytes free now where its networks are held: the machine's memory, or a device's.
    virtual std::uint64_t available_memory() const = 0;
    /// Networks that a wave should hold at least, so that nothing idles.
    virtual std::size_t networks_at_once() const = 0;
    /// Measures for about `seconds`; the best of several short rounds.
    virtual Ceilings measure_ceilings(double seconds) const = 0;
};

/// The one place that knows what was built. `name`: auto | cpu | cuda | reference. Throws device
/// errors (exit 4) naming the CMake option or the device. `note` receives a line when auto falls
/// back: with the reason, if there is a GPU or a library was named.
std::unique_ptr<Backend> make_backend(const std::string& name, const BackendOptions& options,
                                      std::string* note = nullptr);

}  // namespace shoal
