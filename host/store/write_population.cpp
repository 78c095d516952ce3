// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <span>

#include "backend/gradient.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/numbers.hpp"
#include "records/fields.hpp"
#include "store/exchange_files.hpp"
#include "store/network_groups.hpp"
#include "store/population_file.hpp"
#include "store/population_schema.hpp"

namespace shoal {
namespace {

using hdf5::Type;
using hdf5::WriteGroup;

std::size_t product(std::initializer_list<int> sizes) {
    std::size_t result = 1;
    for (const int size : sizes) {
        result *= static_cast<std::size_t>(size);
    }
    return result;
}

/// `values` followed by NaN up to `size`; check: not longer.
template <class T>
std::vector<T> padded(const std::vector<T>& values, std::size_t size, const char* what) {
    check(values.size() <= size, what);
    std::vector<T> result(size, static_cast<T>(nan));
    std::copy(values.begin(), values.end(), result.begin());
    return result;
}

/// Small columns of a group, kept until its last network is written.
struct Columns {
    std::vector<std::string> status;
    std::vector<std::int64_t> accepted, accepted_lax, trials_done, diverged_step, curve_trials;
    std::vector<double> fraction_failed, median_error, authors_fractions, gain;
    std::vector<std::int64_t> base_index;
};

/// Number of each distinct recurrent matrix of a group, in order of first appearance.
std::map<std::string, std::int64_t> number_matrices(const Config& config,
                                                    const NetworkGroup& layout) {
    std::map<std::string, std::int64_t> numbers;
    for (const std::size_t member : layout.members) {
        numbers.emplace(recurrent_identity(config.networks[member]),
                        static_cast<std::int64_t>(numbers.size()));
    }
    return numbers;
}

/// The matrix in the precision of training, times `factor` in double: gain x base has the same bits
/// whether a network shares its matrix or not.
std::vector<double> whole_matrix(const RecurrentMatrix& matrix, Precision precision,
                                 double factor) {
    const auto n = static_cast<std::size_t>(matrix.units());
    std::vector<double> values(n * n);
    for (std::size_t to = 0; to < n; ++to) {
        matrix.row(static_cast<int>(to), std::span(values).subspan(to * n, n));
    }
    for (double& value : values) {
        const double kept =
            is_single(precision) ? static_cast<double>(static_cast<float>(value)) : value;
        value = factor * kept;
    }
    return values;
}

class PopulationWriter {
  public:
    PopulationWriter(WriteGroup group, const Config& config, const NetworkGroup& layout,
                     Precision precision)
        : group_(std::move(group)),
          config_(config),
          layout_(layout),
          precision_(precision),
          real_(is_single(precision) ? Type::float32 : Type::float64),
          matrices_(number_matrices(config, layout)),
          shared_(layout.iterations == 0 && matrices_.size() < layout.members.size()) {
        define_axes();
        define_datasets();
    }

    /// `model` as it was before training.
    void add(std::uint64_t index, NetworkModel model, const std::optional<TrainedNetwork>& record) {
        group_.write_at("initial_state", index, model.initial_state);
        if (record && !record->weights.empty()) {
            set_weights(model, record->weights);
        }
        write_model(index, model);
        write_record(index, record ? *record : TrainedNetwork{});
    }

    void finish() {
        group_.write("status", columns_.status);
        group_.write("accepted", columns_.accepted);
        group_.write("accepted_lax", columns_.accepted_lax);
        group_.write("fraction_failed", columns_.fraction_failed);
        group_.write("median_error", columns_.median_error);
        group_.write("authors_fractions", columns_.authors_fractions);
        group_.write("trials_done", columns_.trials_done);
        group_.write("diverged_step", columns_.diverged_step);
        if (layout_.trials > 0) {
            group_.write("curve_trials", columns_.curve_trials);
        }
        if (shared_) {
            group_.write("base_index", columns_.base_index);
            group_.write("gain", columns_.gain);
        }
    }

  private:
    void define_axes() {
        write_network_axis(group_, config_, layout_, population_schema);
        group_.dimension("unit", static_cast<std::uint64_t>(layout_.units));
        group_.dimension("to", static_cast<std::uint64_t>(layout_.units));
        group_.dimension("from", static_cast<std::uint64_t>(layout_.units));
        group_.dimension("channel", static_cast<std::uint64_t>(layout_.shape.inputs));
        if (layout_.output_names.empty()) {
            group_.dimension("output", static_cast<std::uint64_t>(layout_.shape.outputs));
        } else {
            group_.coordinate("output", layout_.output_names);
        }
        group_.dimension("conclusion", static_cast<std::uint64_t>(layout_.conclusions));
        if (layout_.trials > 0) {
            group_.dimension("trial", static_cast<std::uint64_t>(layout_.trials));
        }
        if (layout_.iterations > 0) {
            group_.dimension("iteration", static_cast<std::uint64_t>(layout_.iterations));
        }
        group_.coordinate("threshold", authors_thresholds);
        if (shared_) {
            group_.dimension("matrix", matrices_.size());
        }
    }

    void define(const char* name, Type type, const std::vector<std::string>& axes,
                const char* meaning) {
        group_.create(name, type, axes);
        group_.describe(name, "long_name", meaning);
        if (axes.front() == "network") {
            group_.describe(name, "coordinates", network_coordinates(config_));
        }
    }

    /// As a record describes its field.
    template <class Record>
    void define_field(const char* name, Type type) {
        const Meaning& meaning = field_named<Record>(name).meaning;
        std::vector<std::string> axes = {"network"};
        axes.insert(axes.end(), meaning.axes.begin(), meaning.axes.end());
        define(name, type, axes, meaning.text);
    }

    void define_flag(const char* name) {
        constexpr std::int8_t values[] = {-1, 0, 1};
        define_field<Acceptance>(name, Type::int8);
        group_.describe(name, "flag_values", values);
        group_.describe(name, "flag_meanings", "pending false true");
    }

    void define_datasets() {
        define_field<TrainedNetwork>("status", Type::string);
        define_flag("accepted");
        define_flag("accepted_lax");
        define_field<Acceptance>("fraction_failed", Type::float64);
        define_field<Acceptance>("median_error", Type::float64);
        define_field<Acceptance>("authors_fractions", Type::float64);
        define_field<TrainedNetwork>("trials_done", Type::int64);
        define_field<TrainedNetwork>("diverged_step", Type::int64);
        if (layout_.trials > 0) {
            define("curve_trials", Type::int64, {"network"}, "trials in error_curve");
            define_field<TrainedNetwork>("error_curve", Type::float32);
        }
        if (layout_.iterations > 0) {
            define_field<TrainedNetwork>("loss_curve", Type::float32);
        }
        if (shared_) {
            define("base", real_, {"matrix", "to", "from"}, "recurrent matrix before the gain");
            define("base_index", Type::int64, {"network"}, "index into base");
            define("gain", Type::float64, {"network"}, "factor of base");
        } else {
            // gain x matrix is in double; what gradients trained is in their own precision.
            define("recurrent", layout_.trials > 0 ? Type::float64 : real_,
                   {"network", "to", "from"},
                   "gain x recurrent matrix, or the trained one, without the readout's feedback");
        }
        define("input", real_, {"network", "unit", "channel"}, "input weights");
        define("feedback", real_, {"network", "unit", "output"}, "feedback weights");
        define_field<TrainedNetwork>("readout", real_);
        define("bias", real_, {"network", "unit"}, "bias");
        define("initial_state", real_, {"network", "unit"}, "state before training");
        define_field<TrainedNetwork>("state", real_);
        define_field<TrainedNetwork>("conclusions", real_);
    }

    void write_model(std::uint64_t index, const NetworkModel& model) {
        const NetworkSpec& spec = config_.networks[layout_.members[index]];
        if (shared_) {
            const std::int64_t matrix = matrices_.at(recurrent_identity(spec));
            if (written_.insert(matrix).second) {
                group_.write_at("base", static_cast<std::uint64_t>(matrix),
                                whole_matrix(*model.recurrent, precision_, 1.0));
            }
            columns_.base_index.push_back(matrix);
            columns_.gain.push_back(model.gain);
        } else {
            group_.write_at("recurrent", index,
                            whole_matrix(*model.recurrent, precision_, model.gain));
        }
        const auto units = product({layout_.units});
        group_.write_at("input", index, model.input);
        group_.write_at("feedback", index,
                        model.feedback.empty()
                            ? std::vector<double>(product({layout_.units, layout_.shape.outputs}))
                            : model.feedback);
        group_.write_at("bias", index,
                        model.bias.empty() ? std::vector<double>(units) : model.bias);
    }

    void write_record(std::uint64_t index, const TrainedNetwork& record) {
        const bool pending = record.status == Status::pending;
        const Acceptance& acceptance = record.acceptance;
        columns_.status.emplace_back(name_of(record.status));
        columns_.accepted.push_back(pending ? -1 : acceptance.accepted);
        columns_.accepted_lax.push_back(pending ? -1 : acceptance.accepted_lax);
        columns_.fraction_failed.push_back(pending ? nan : acceptance.fraction_failed);
        columns_.median_error.push_back(pending ? nan : acceptance.median_error);
        const auto fractions = padded(acceptance.authors_fractions, authors_thresholds.size(),
                                      "one share per threshold");
        columns_.authors_fractions.insert(columns_.authors_fractions.end(), fractions.begin(),
                                          fractions.end());
        columns_.trials_done.push_back(record.trials_done);
        columns_.diverged_step.push_back(record.diverged_step);

        const auto outputs = product({layout_.shape.outputs});
        columns_.curve_trials.push_back(
            outputs == 0 ? 0 : static_cast<std::int64_t>(record.error_curve.size() / outputs));
        group_.write_at("readout", index,
                        padded(record.readout, product({layout_.shape.outputs, layout_.units}),
                               "readout [output, unit]"));
        group_.write_at("state", index,
                        padded(record.state, product({layout_.units}), "state [unit]"));
        group_.write_at("conclusions", index,
                        padded(record.conclusions, product({layout_.conclusions, layout_.units}),
                               "conclusions [conclusion, unit]"));
        if (layout_.trials > 0) {
            group_.write_at("error_curve", index,
                            padded(record.error_curve, product({layout_.trials}) * outputs,
                                   "error curve [trial, output]"));
        }
        if (layout_.iterations > 0) {
            group_.write_at(
                "loss_curve", index,
                padded(record.loss_curve, product({layout_.iterations}), "loss [iteration]"));
        }
    }

    WriteGroup group_;
    const Config& config_;
    const NetworkGroup& layout_;
    Precision precision_;
    Type real_;
    std::map<std::string, std::int64_t> matrices_;
    bool shared_;
    std::set<std::int64_t> written_;
    Columns columns_;
};

}  // namespace

void write_population(
    const std::filesystem::path& path, const Config& config, Precision precision,
    const std::function<std::optional<TrainedNetwork>(const NetworkSpec&)>& result) {
    replace_file(path, [&](const std::filesystem::path& temporary) {
        hdf5::WriteFile file(temporary, path);
        file.root().attribute("schema_version", std::int64_t{population_schema});
        NetworkFactory factory(load_initial_weights);
        for (const NetworkGroup& layout : network_groups(config)) {
            PopulationWriter writer(file.root().group(layout.name), config, layout, precision);
            for (std::size_t i = 0; i < layout.members.size(); ++i) {
                const NetworkSpec& spec = config.networks[layout.members[i]];
                writer.add(i, factory.make(spec, layout.shape.inputs, layout.shape.outputs),
                           result(spec));
            }
            writer.finish();
        }
        file.close();
    });
}

}  // namespace shoal
