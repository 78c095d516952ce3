// SPDX-License-Identifier: MIT
// Is recursive least squares in fp32 sound? One network trains in fp32 on the cpu backend's own
// kernels; beside it, a P in fp64 and a P in fp32 that is rewritten at every update see the very
// same rates. Printed at several trials: the relative error of the gain k / c against fp64 (median
// and largest over the trial's updates) and the smallest eigenvalue of P.
//
//   rls_precision [UNITS] [LAST_TRIAL] [REPLICATES] [BACKEND]
//
// With BACKEND (cuda, cpu, reference) the networks train there instead, without feedback, so that
// their rates can be had from a simulation; printed are medians over the last trial.
#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "backend/cpu/kernels.hpp"
#include "backend/cpu/network.hpp"
#include "backend/readout_groups.hpp"
#include "gain_error.hpp"
#include "model/network.hpp"
#include "task/task.hpp"

namespace {

using namespace shoal;
using namespace shoal::cpu;

/// P of one readout group with its pending updates, rewritten when `capacity` of them wait.
template <typename T>
class Squares {
  public:
    Squares(int units, int capacity) : p_(units), pending_(units, capacity), capacity_(capacity) {
        p_.set_diagonal(T{1});
    }
    /// Takes the update for rates r; returns k / c.
    std::vector<double> update(const AlignedArray<float>& r) {
        AlignedArray<T> rates(r.size());
        for (std::size_t i = 0; i < r.size(); ++i) {
            rates[i] = static_cast<T>(r[i]);
        }
        if (pending_.count == capacity_) {
            rewrite();
        }
        kernels<T>().append_update(p_, rates.data(), pending_);
        const T* scaled = pending_.scaled_gain(pending_.count - 1);
        return {scaled, scaled + p_.units()};
    }
    void rewrite() { kernels<T>().rewrite(p_, pending_); }
    double smallest_eigenvalue() const {
        Eigen::MatrixXd matrix(p_.units(), p_.units());
        for (int i = 0; i < p_.units(); ++i) {
            for (int j = 0; j <= i; ++j) {
                matrix(i, j) = matrix(j, i) = static_cast<double>(p_.at(i, j));
            }
        }
        return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(matrix, Eigen::EigenvaluesOnly)
            .eigenvalues()(0);
    }

  private:
    PackedSymmetric<T> p_;
    PendingUpdates<T> pending_;
    int capacity_;
};

struct Errors {
    std::vector<double> values;
    double median() {
        std::sort(values.begin(), values.end());
        return values[values.size() / 2];
    }
    double largest() const { return *std::max_element(values.begin(), values.end()); }
};

void run(int units, std::uint32_t replicate, int last_trial) {
    NetworkSpec spec;
    spec.replicate = replicate;
    spec.network.units = units;
    const auto task = make_task(spec.task, spec.network, ErrorSchedule::epochs);
    const TaskShape shape = task->shape();
    NetworkFactory factory;
    const NetworkModel model = factory.make(spec, shape.inputs, shape.outputs);
    Weights<float> weights = pack_weights<float>(model);
    const PackedMatrix<float> matrix(*model.recurrent, kernels<float>().group_width);
    Column<float> column = make_column(weights, model.initial_state.data());
    Column<float>* pointer = &column;
    const auto groups = task->output_groups();
    const auto order = task->training_order(spec.key(), last_trial);
    const int size = padded(units);

    std::array<Squares<float>, 2> fast{Squares<float>(units, max_pending_updates),
                                       Squares<float>(units, max_pending_updates)};
    std::array<Squares<double>, 2> exact{Squares<double>(units, max_pending_updates),
                                         Squares<double>(units, max_pending_updates)};
    std::array<Squares<float>, 2> every_update{Squares<float>(units, 1), Squares<float>(units, 1)};
    Trial trial;
    const FlushDenormals guard;
    for (int n = 1; n <= last_trial; ++n) {
        task->training_trial(spec.key(), n - 1, order[static_cast<std::size_t>(n - 1)], trial);
        Errors fast_errors, every_errors;
        for (std::size_t t = 0; t < static_cast<std::size_t>(shape.steps); ++t) {
            for (std::size_t k = 0; k < column.u.size(); ++k) {
                column.u[k] = static_cast<float>(trial.inputs[t * column.u.size() + k]);
            }
            kernels<float>().step(matrix, &pointer, 1);
            for (std::size_t g = 0; g < 2; ++g) {
                const auto has_error = [&](std::size_t at) {
                    return trial.mask[at * 3 + (g == 0 ? 0 : 1)] != 0;
                };
                if (!has_error(t)) {
                    continue;
                }
                if (t % 2 == 0) {
                    const auto want = exact[g].update(column.r);
                    const auto got = fast[g].update(column.r);
                    fast_errors.values.push_back(relative_error(got, want));
                    every_errors.values.push_back(
                        relative_error(every_update[g].update(column.r), want));
                    AlignedArray<float> gain(static_cast<std::size_t>(size));
                    std::copy(got.begin(), got.end(), gain.data());
                    for (std::size_t o = 0; o < 3; ++o) {
                        if (groups[o] == static_cast<int>(g)) {
                            const float e =
                                column.z[o] - static_cast<float>(trial.targets[t * 3 + o]);
                            kernels<float>().subtract(
                                e, gain.data(),
                                weights.readout.data() + o * static_cast<std::size_t>(size), size);
                        }
                    }
                }
                if (t + 1 == static_cast<std::size_t>(shape.steps) || !has_error(t + 1)) {
                    fast[g].rewrite();
                    exact[g].rewrite();
                }
            }
        }
        if (n == 100 || n == 400 || n == 1000 || n == 3500 || n == last_trial) {
            for (std::size_t g = 0; g < 2; ++g) {
                every_update[g].rewrite();
            }
            fmt::print(
                "{:>5} {:>9} {:>6} {:>10.3f} {:>10.3f} {:>12.3f} {:>13.2e} {:>10.2f} {:>12.2f}\n",
                units, replicate, n, 100 * fast_errors.median(), 100 * fast_errors.largest(),
                100 * every_errors.median(), exact[1].smallest_eigenvalue(),
                fast[1].smallest_eigenvalue() / exact[1].smallest_eigenvalue(),
                every_update[1].smallest_eigenvalue() / exact[1].smallest_eigenvalue());
            std::fflush(stdout);
        }
    }
}

void run_on(const char* name, int units, int last_trial, int replicates) {
    const auto backend = make_backend(name, {Precision::fp32, 0, 0});
    fmt::print("backend {} ({}); errors in % of the gain\n", backend->name(),
               backend->instruction_set());
    fmt::print("{:>5} {:>9} {:>6} {:>10} {:>12}\n", "units", "replicate", "trial", "fp32 med",
               "every update");
    for (int r = 0; r < replicates; ++r) {
        NetworkSpec spec;
        spec.replicate = static_cast<std::uint32_t>(r);
        spec.network.units = units;
        const GainErrors errors = measure_gain_errors(*backend, spec, last_trial);
        fmt::print("{:>5} {:>9} {:>6} {:>10.3f} {:>12.3f}\n", units, r, last_trial,
                   100 * errors.tested, 100 * errors.every_update);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const int units = argc > 1 ? std::atoi(argv[1]) : 200;
    const int last_trial = argc > 2 ? std::atoi(argv[2]) : 3500;
    const int replicates = argc > 3 ? std::atoi(argv[3]) : 3;
    if (argc > 4) {
        run_on(argv[4], units, last_trial, replicates);
        return 0;
    }
    fmt::print(
        "instruction set {}; errors in % of the gain; eigenvalues of the memory readout's P\n",
        kernels<float>().instruction_set);
    fmt::print("{:>5} {:>9} {:>6} {:>10} {:>10} {:>12} {:>13} {:>10} {:>12}\n", "units",
               "replicate", "trial", "fp32 med", "fp32 max", "every update", "least in fp64",
               "fp32 ratio", "every ratio");
    for (int r = 0; r < replicates; ++r) {
        run(units, static_cast<std::uint32_t>(r), last_trial);
    }
}
