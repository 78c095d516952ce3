// SPDX-License-Identifier: MIT
#include "backend/cpu/force_session.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "backend/cpu/network.hpp"
#include "backend/readout_groups.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"

namespace shoal::cpu {
namespace {

template <typename T>
struct Network {
    Weights<T> weights;  // its readout is what training changes
    Column<T> column;
    std::shared_ptr<const PackedMatrix<T>> matrix;
    std::vector<int> groups;
    std::vector<PackedSymmetric<T>> p;  // [group]
};

/// Buffers for pending updates, kept by one thread from trial to trial. A network holds one only
/// while an epoch of one of its groups lasts.
template <typename T>
class PendingPool {
  public:
    using Buffer = std::unique_ptr<PendingUpdates<T>>;
    Buffer take(int units) {
        auto& buffers = free_[padded(units)];
        if (buffers.empty()) {
            return std::make_unique<PendingUpdates<T>>(units, max_pending_updates);
        }
        Buffer buffer = std::move(buffers.back());
        buffers.pop_back();
        return buffer;
    }
    void give_back(int units, Buffer buffer) { free_[padded(units)].push_back(std::move(buffer)); }

  private:
    std::map<int, std::vector<Buffer>> free_;  // by padded size
};

/// A network within one trial.
template <typename T>
struct Running {
    Running(Network<T>& member, const ForceSession::Work& job, TrialOutcome& result)
        : network(&member),
          work(&job),
          outcome(&result),
          x_before(member.column.x.data(), member.column.x.data() + member.column.x.size()),
          readout_before(member.weights.readout.data(),
                         member.weights.readout.data() + member.weights.readout.size()),
          z_before(member.column.z),
          squared(member.column.z.size(), 0.0),
          count(member.column.z.size(), 0),
          pending(member.p.size()) {}

    Network<T>* network;
    const ForceSession::Work* work;
    TrialOutcome* outcome;
    std::vector<T> x_before, readout_before, z_before;
    std::vector<double> squared;
    std::vector<int> count;
    std::vector<typename PendingPool<T>::Buffer> pending;  // [group]; null between epochs
};

/// Networks that share a matrix, taken through one trial together by one thread.
template <typename T>
class Tile {
  public:
    Tile(std::vector<Running<T>> members, PendingPool<T>& pool)
        : members_(std::move(members)), pool_(pool) {
        active_.resize(members_.size());
        std::iota(active_.begin(), active_.end(), std::size_t{0});
    }

    void run() {
        const FlushDenormals guard;
        const PackedMatrix<T>& matrix = *members_.front().network->matrix;
        std::vector<Column<T>*> columns;
        for (int t = 0; !active_.empty(); ++t) {
            std::erase_if(active_, [&](std::size_t i) { return t == steps_of(members_[i]); });
            columns.clear();
            for (const std::size_t i : active_) {
                Running<T>& m = members_[i];
                Column<T>& column = m.network->column;
                const auto inputs = column.u.size();
                for (std::size_t k = 0; k < inputs; ++k) {
                    column.u[k] = static_cast<T>(
                        m.work->trial->inputs[static_cast<std::size_t>(t) * inputs + k]);
                }
                columns.push_back(&column);
            }
            kernels_.step(matrix, columns.data(), static_cast<int>(columns.size()));
            for (const std::size_t i : active_) {
                after_step(members_[i], t);
            }
            std::erase_if(active_,
                          [&](std::size_t i) { return members_[i].outcome->diverged_at >= 0; });
        }
        for (Running<T>& m : members_) {
            for (std::size_t o = 0; o < m.squared.size(); ++o) {
                m.outcome->rms_error.push_back(m.count[o] > 0 ? std::sqrt(m.squared[o] / m.count[o])
                                                              : 0.0);
            }
        }
    }

  private:
    static int steps_of(const Running<T>& m) {
        return static_cast<int>(m.work->trial->mask.size() / m.network->column.z.size());
    }

    void after_step(Running<T>& m, int t) {
        Network<T>& network = *m.network;
        if (!network.column.in_range) {
            m.outcome->diverged_at = t;
            restore(m);
            return;
        }
        const std::size_t outputs = network.column.z.size();
        const std::size_t at = static_cast<std::size_t>(t) * outputs;
        const double* target = m.work->trial->targets.data() + at;
        const std::uint8_t* mask = m.work->trial->mask.data() + at;
        for (std::size_t o = 0; o < outputs; ++o) {
            if (mask[o] != 0) {
                const double error = static_cast<double>(network.column.z[o]) - target[o];
                m.squared[o] += error * error;
                ++m.count[o];
            }
        }
        if ((m.work->first_step + t) % 2 == 0) {
            learn(m, target, mask);
        }
        const bool last = t + 1 == steps_of(m);
        for (std::size_t g = 0; g < m.pending.size(); ++g) {
            if (m.pending[g] && (last || !has_error(network, g, mask + outputs))) {
                kernels_.rewrite(network.p[g], *m.pending[g]);
                pool_.give_back(network.weights.units, std::move(m.pending[g]));
            }
        }
    }

    /// One RLS update of every group whose outputs have an error at this step. All outputs were
    /// computed before, so the order of groups does not matter.
    void learn(Running<T>& m, const double* target, const std::uint8_t* mask) {
        Network<T>& network = *m.network;
        const std::size_t size = network.column.r.size();
        for (std::size_t g = 0; g < m.pending.size(); ++g) {
            if (!has_error(network, g, mask)) {
                continue;
            }
            if (!m.pending[g]) {
                m.pending[g] = pool_.take(network.weights.units);
            }
            PendingUpdates<T>& pending = *m.pending[g];
            if (pending.count == max_pending_updates) {
                kernels_.rewrite(network.p[g], pending);
            }
            const T c = kernels_.append_update(network.p[g], network.column.r.data(), pending);
            const T* k = pending.gain(pending.count - 1);
            for (std::size_t o = 0; o < network.groups.size(); ++o) {
                if (network.groups[o] == static_cast<int>(g) && mask[o] != 0) {
                    const T factor = (network.column.z[o] - static_cast<T>(target[o])) / c;
                    kernels_.subtract(factor, k, network.weights.readout.data() + o * size,
                                      static_cast<int>(size));
                }
            }
        }
    }

    static bool has_error(const Network<T>& network, std::size_t group, const std::uint8_t* mask) {
        for (std::size_t o = 0; o < network.groups.size(); ++o) {
            if (network.groups[o] == static_cast<int>(group) && mask[o] != 0) {
                return true;
            }
        }
        return false;
    }

    void restore(Running<T>& m) {
        Network<T>& network = *m.network;
        for (auto& pending : m.pending) {
            if (pending) {
                pending->count = 0;
                pool_.give_back(network.weights.units, std::move(pending));
            }
        }
        std::copy(m.x_before.begin(), m.x_before.end(), network.column.x.data());
        std::copy(m.readout_before.begin(), m.readout_before.end(), network.weights.readout.data());
        kernels_.settle(network.column);
        network.column.z = m.z_before;
    }

    const Kernels<T>& kernels_ = kernels<T>();
    std::vector<Running<T>> members_;
    PendingPool<T>& pool_;
    std::vector<std::size_t> active_;
};

template <typename T>
class CpuForceSession final : public ForceSession {
  public:
    explicit CpuForceSession(int threads) : threads_(threads) {}

    int add(const NetworkModel& model, const ForceRule& rule, const ForceState* resume) override {
        check(rule.output_groups.size() == static_cast<std::size_t>(model.outputs),
              "ForceRule: one group per output");
        auto network = std::make_unique<Network<T>>();
        network->weights = pack_weights<T>(model);
        network->matrix = matrices_.get(model.recurrent);
        network->groups = rule.output_groups;
        for (int g = 0; g < group_count(rule); ++g) {
            auto& p = network->p.emplace_back(model.units);
            if (resume == nullptr) {
                p.set_diagonal(static_cast<T>(1.0 / rule.alpha));
            } else {
                load_lower(p, resume->inverse_correlation.at(static_cast<std::size_t>(g)));
            }
        }
        if (resume != nullptr) {
            network->weights.readout =
                pack_rows<T>(resume->readout.data(), model.units, model.outputs);
        }
        const FlushDenormals guard;
        network->column =
            make_column(network->weights,
                        resume != nullptr ? resume->state.data() : model.initial_state.data());
        if (resume != nullptr) {
            std::transform(resume->output.begin(), resume->output.end(), network->column.z.begin(),
                           [](double z) { return static_cast<T>(z); });
        }
        networks_.emplace(next_, std::move(network));
        return next_++;
    }

    void remove(int handle) override {
        networks_.erase(handle);
        matrices_.drop_unused();
    }

    void run_trial(std::span<const Work> work, std::span<TrialOutcome> outcomes) override {
        const auto tiles = tiles_of(work);
        pools_.resize(static_cast<std::size_t>(threads_));
        parallel_for(tiles.size(), threads_, [&](std::size_t i, int worker) {
            std::vector<Running<T>> members;
            for (const std::size_t w : tiles[i]) {
                outcomes[w] = {};
                members.emplace_back(*networks_.at(work[w].handle), work[w], outcomes[w]);
            }
            Tile<T>(std::move(members), pools_[static_cast<std::size_t>(worker)]).run();
        });
    }

    ForceState state(int handle, Parts parts) const override {
        const Network<T>& network = *networks_.at(handle);
        const int units = network.weights.units;
        ForceState state;
        state.state = unpack_rows(network.column.x, units);
        state.readout = unpack_rows(network.weights.readout, units);
        state.output = {network.column.z.begin(), network.column.z.end()};
        if (parts == Parts::everything) {
            for (const auto& p : network.p) {
                auto& lower = state.inverse_correlation.emplace_back();
                for (int i = 0; i < units; ++i) {
                    for (int j = 0; j <= i; ++j) {
                        lower.push_back(p.at(i, j));
                    }
                }
            }
        }
        return state;
    }

  private:
    static void load_lower(PackedSymmetric<T>& p, const std::vector<double>& lower) {
        std::size_t at = 0;
        for (int i = 0; i < p.units(); ++i) {
            for (int j = 0; j <= i; ++j) {
                p.at(i, j) = static_cast<T>(lower.at(at++));
            }
        }
        p.mirror_diagonal_blocks();
    }

    /// Networks that share a matrix, cut into tiles. While the matrix stays in cache a tile is as
    /// many columns as are multiplied at once; a larger matrix is read from memory at every step
    /// and should serve as many columns as possible.
    std::vector<std::vector<std::size_t>> tiles_of(std::span<const Work> work) const {
        std::vector<std::vector<std::size_t>> sharing;
        std::map<const void*, std::size_t> index;
        for (std::size_t w = 0; w < work.size(); ++w) {
            const auto* matrix = networks_.at(work[w].handle)->matrix.get();
            const auto [found, fresh] = index.emplace(matrix, sharing.size());
            if (fresh) {
                sharing.emplace_back();
            }
            sharing[found->second].push_back(w);
        }
        const auto threads = static_cast<std::size_t>(threads_);
        std::vector<std::vector<std::size_t>> tiles;
        for (const auto& members : sharing) {
            const bool cached =
                fits_cache<T>(networks_.at(work[members.front()].handle)->weights.units);
            const auto most = static_cast<std::size_t>(kernels<T>().columns_at_once);
            // A group alone is cut for all threads; among many groups, each thread takes whole
            // ones.
            const std::size_t wanted = cached ? (members.size() + most - 1) / most : 1;
            const std::size_t cuts =
                sharing.size() >= 4 * threads ? wanted : (wanted + threads - 1) / threads * threads;
            const std::size_t count = std::min(members.size(), cuts);
            for (std::size_t i = 0, first = 0; i < count; ++i) {
                const std::size_t size = (members.size() - first + count - i - 1) / (count - i);
                tiles.emplace_back(members.begin() + static_cast<std::ptrdiff_t>(first),
                                   members.begin() + static_cast<std::ptrdiff_t>(first + size));
                first += size;
            }
        }
        return tiles;
    }

    int threads_;
    int next_ = 0;
    std::map<int, std::unique_ptr<Network<T>>> networks_;
    MatrixCache<T> matrices_;
    std::vector<PendingPool<T>> pools_;  // [worker]
};

}  // namespace

template <typename T>
std::unique_ptr<ForceSession> make_force_session(int threads) {
    return std::make_unique<CpuForceSession<T>>(threads);
}
template std::unique_ptr<ForceSession> make_force_session<float>(int threads);
template std::unique_ptr<ForceSession> make_force_session<double>(int threads);

}  // namespace shoal::cpu
