// SPDX-License-Identifier: MIT
#include "model/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "core/error.hpp"
#include "core/random.hpp"
#include "model/initialisers.hpp"

namespace shoal {
namespace {

class DenseMatrix final : public RecurrentMatrix {
  public:
    DenseMatrix(int units, std::vector<double> values)
        : units_(units), values_(std::move(values)) {}
    int units() const override { return units_; }
    void row(int to, std::span<double> out) const override {
        const auto n = static_cast<std::size_t>(units_);
        std::copy_n(values_.begin() + static_cast<std::ptrdiff_t>(n * static_cast<std::size_t>(to)),
                    n, out.begin());
    }

  private:
    int units_;
    std::vector<double> values_;
};

class RandomSparseMatrix final : public RecurrentMatrix {
  public:
    RandomSparseMatrix(RandomKey key, int units, double density)
        : key_(key), units_(units), density_(density) {}
    int units() const override { return units_; }
    void row(int to, std::span<double> out) const override {
        const double scale = 1.0 / std::sqrt(density_ * units_);
        // Entry (to, from) is draw number to * units + from: rows start inside a Philox block.
        std::uint32_t index = static_cast<std::uint32_t>(to) * static_cast<std::uint32_t>(units_);
        for (int from = 0; from < units_;) {
            const std::uint32_t block = index / 4;
            const auto pattern = random_block(key_, Purpose::recurrent_pattern, 0, 0, block);
            const auto weight = random_block(key_, Purpose::recurrent_weight, 0, 0, block);
            for (; index / 4 == block && from < units_; ++index, ++from) {
                const bool connected = uniform01(pattern.word[index % 4]) < density_;
                out[static_cast<std::size_t>(from)] =
                    connected ? scale * standard_normal(weight.word[index % 4]) : 0.0;
            }
        }
    }

  private:
    RandomKey key_;
    int units_;
    double density_;
};

/// scale * draws 0 ... count-1, N(0, 1) or U(-1, 1).
std::vector<double> draw(RandomKey key, Purpose purpose, Init init, double scale,
                         std::size_t count) {
    std::vector<double> values(count);
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t bits = random_bits(key, purpose, 0, 0, static_cast<std::uint32_t>(i));
        values[i] =
            scale * (init == Init::uniform ? 2.0 * uniform01(bits) - 1.0 : standard_normal(bits));
    }
    return values;
}

/// Part `which` of `parts` equal parts of a vector.
std::vector<double> part(const std::vector<double>& all, std::size_t which, std::size_t parts) {
    const auto size = static_cast<std::ptrdiff_t>(all.size() / parts);
    const auto begin = all.begin() + size * static_cast<std::ptrdiff_t>(which);
    return {begin, begin + size};
}

}  // namespace

std::shared_ptr<const RecurrentMatrix> dense_matrix(int units, std::vector<double> values) {
    check(values.size() == static_cast<std::size_t>(units) * static_cast<std::size_t>(units),
          "dense_matrix: size");
    return std::make_shared<DenseMatrix>(units, std::move(values));
}

std::shared_ptr<const RecurrentMatrix> random_sparse_matrix(RandomKey key, int units,
                                                            double density) {
    return std::make_shared<RandomSparseMatrix>(key, units, density);
}

std::vector<double> effective_matrix(const NetworkModel& model) {
    const auto n = static_cast<std::size_t>(model.units);
    const auto outputs = static_cast<std::size_t>(model.outputs);
    std::vector<double> w(n * n);
    for (std::size_t to = 0; to < n; ++to) {
        const std::span<double> row(w.data() + to * n, n);
        model.recurrent->row(static_cast<int>(to), row);
        for (double& value : row) {
            value *= model.gain;
        }
        for (std::size_t o = 0; o < outputs && !model.feedback.empty(); ++o) {
            const double feedback = model.feedback[to * outputs + o];
            for (std::size_t from = 0; from < n; ++from) {
                row[from] += feedback * model.readout[o * n + from];
            }
        }
    }
    return w;
}

std::string recurrent_identity(const NetworkSpec& spec) {
    // The two differ in all that is drawn but the recurrent matrix.
    const bool gauss = spec.network.init == Init::uniform;
    const InitRow& row = row_of(gauss ? Init::gauss : spec.network.init);
    std::string text = fmt::format("{} {}", row.name, spec.network.units);
    if (row.drawn) {
        text += fmt::format(" {} {}", spec.seed, spec.replicate);
    }
    for (const char* key : row.keys) {
        if (key != nullptr) {
            text += " " + canonical_value(spec, key);
        }
    }
    return text;
}

struct NetworkFactory::Cache {
    WeightsLoader loader;
    std::map<std::string, std::weak_ptr<const RecurrentMatrix>> matrices;
    std::map<std::string, InitialWeights> files;

    const InitialWeights& file(const NetworkConfig& network) {
        const std::string name = fmt::format("{} {}", network.content, name_of(network.order));
        const auto found = files.find(name);
        if (found != files.end()) {
            return found->second;
        }
        check(static_cast<bool>(loader), "init: file without a loader");
        return files.emplace(name, loader(network.path, network.order)).first->second;
    }

    std::shared_ptr<const RecurrentMatrix> recurrent(const NetworkSpec& spec) {
        auto& slot = matrices[recurrent_identity(spec)];
        auto matrix = slot.lock();
        if (!matrix) {
            matrix = make_recurrent(spec);
            slot = matrix;
        }
        return matrix;
    }

    std::shared_ptr<const RecurrentMatrix> make_recurrent(const NetworkSpec& spec) {
        const NetworkConfig& network = spec.network;
        if (network.init != Init::file) {
            return initial_matrix(spec);
        }
        const InitialWeights& weights = file(network);
        return dense_matrix(weights.units, part(weights.recurrent, spec.replicate,
                                                static_cast<std::size_t>(weights.networks)));
    }
};

NetworkFactory::NetworkFactory(WeightsLoader loader) : cache_(std::make_unique<Cache>()) {
    cache_->loader = std::move(loader);
}
NetworkFactory::~NetworkFactory() = default;

NetworkModel NetworkFactory::make(const NetworkSpec& spec, int inputs, int outputs) {
    const NetworkConfig& network = spec.network;
    const auto n = static_cast<std::size_t>(network.units);
    const RandomKey key = spec.key();

    NetworkModel model;
    model.uid = spec.uid;
    model.units = network.units;
    model.inputs = inputs;
    model.outputs = outputs;
    model.cell = network.cell;
    model.tau = network.tau;
    model.dt = network.dt;
    // The gain of a low-rank network is that of its random part alone, and stands in the matrix.
    model.gain = network.init == Init::low_rank ? 1.0 : network.gain;

    const bool by_gradients = spec.training.method == TrainingMethod::bptt;
    const InitialWeights* from_file = nullptr;
    if (network.init == Init::file) {
        from_file = &cache_->file(network);
        if (from_file->units != network.units) {
            throw usage_error(fmt::format("{}: has networks of {} units; network.units is {}",
                                          network.path, from_file->units, network.units));
        }
        if (spec.replicate >= static_cast<std::uint32_t>(from_file->networks)) {
            throw usage_error(fmt::format(
                "{}: has {} networks and replicate {} was asked for; replicate r takes network r, "
                "so use at most replicate: {}",
                network.path, from_file->networks, spec.replicate, from_file->networks));
        }
        if (from_file->inputs != 0 && from_file->inputs != inputs) {
            throw usage_error(fmt::format("{}: has {} inputs; the task has {}", network.path,
                                          from_file->inputs, inputs));
        }
        if (by_gradients && from_file->outputs != 0 && from_file->outputs != outputs) {
            throw usage_error(fmt::format("{}: has {} outputs; the task has {}", network.path,
                                          from_file->outputs, outputs));
        }
    }
    const auto own = [&](const std::vector<double>& all) {
        return part(all, spec.replicate, static_cast<std::size_t>(from_file->networks));
    };

    const std::size_t readouts = n * static_cast<std::size_t>(outputs);
    model.recurrent = cache_->recurrent(spec);
    if (by_gradients && from_file && !from_file->readout.empty()) {
        model.readout = own(from_file->readout);
    } else if (by_gradients) {
        model.readout = draw(key, Purpose::readout_weight, Init::gauss,
                             network.readout_scale / std::sqrt(network.units), readouts);
    } else {
        model.feedback =
            draw(key, Purpose::feedback_weight, network.init, network.feedback_scale, readouts);
        model.readout.assign(readouts, 0.0);
    }
    if (from_file && !from_file->input.empty()) {
        model.input = own(from_file->input);
    } else {
        model.input = draw(key, Purpose::input_weight, network.init, network.input_scale,
                           n * static_cast<std::size_t>(inputs));
    }
    if (from_file && !from_file->bias.empty()) {
        model.bias = own(from_file->bias);
    }
    if (from_file && !from_file->initial_state.empty()) {
        model.initial_state = own(from_file->initial_state);
    } else if (by_gradients) {
        model.initial_state.assign(n, 0.0);
    } else {
        model.initial_state = draw(key, Purpose::initial_state, network.init, 0.1, n);
    }
    return model;
}

}  // namespace shoal
