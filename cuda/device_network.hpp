// SPDX-License-Identifier: MIT
// Networks in device memory.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "backend/backend.hpp"
#include "kernels/arguments.hpp"
#include "support/runtime.hpp"

namespace shoal::cuda {

/// Numbers that go to the device in one piece: parts are appended on the host, then uploaded
/// together.
template <typename T>
class PackedUpload {
  public:
    /// Appends `count` numbers, at a multiple of 16 bytes; returns where they stand.
    std::size_t append(const double* values, std::size_t count) {
        const std::size_t at = append_zeros(count);
        for (std::size_t i = 0; i < count; ++i) {
            values_[at + i] = static_cast<T>(values[i]);
        }
        return at;
    }
    std::size_t append(const std::vector<double>& values) {
        return append(values.data(), values.size());
    }
    /// [unit, k] -> [k, unit]
    std::size_t append_transposed(const std::vector<double>& values, int units, int count) {
        const auto n = static_cast<std::size_t>(units);
        const auto width = static_cast<std::size_t>(count);
        const std::size_t at = append_zeros(values.size());
        for (std::size_t i = 0; !values.empty() && i < n; ++i) {
            for (std::size_t k = 0; k < width; ++k) {
                values_[at + k * n + i] = static_cast<T>(values[i * width + k]);
            }
        }
        return at;
    }
    std::size_t append_zeros(std::size_t count) {
        const std::size_t at = values_.size();
        values_.resize((at + count + 3) / 4 * 4);
        return at;
    }
    T& operator[](std::size_t i) { return values_[i]; }
    std::size_t size() const { return values_.size(); }
    /// Returns when the numbers are there.
    DeviceArray<T> upload(Stream& stream) const {
        DeviceArray<T> array(std::span<const T>(values_), stream);
        stream.synchronize();
        return array;
    }

  private:
    std::vector<T> values_;
};

/// Keeps each recurrent matrix on the device once, [from, to], however many networks use it, and
/// frees it with the last of them.
template <typename T>
class MatrixCache {
  public:
    using Matrix = std::shared_ptr<const DeviceArray<T>>;

    Matrix get(const std::shared_ptr<const RecurrentMatrix>& matrix, Stream& stream) {
        auto& entry = entries_[matrix.get()];
        Matrix found = entry.on_device.lock();
        if (!found) {
            found = std::make_shared<const DeviceArray<T>>(upload(*matrix, stream));
            entry = {matrix, found};
        }
        return found;
    }
    /// Forgets matrices that no network uses any more.
    void drop_unused() {
        std::erase_if(entries_, [](const auto& entry) { return entry.second.on_device.expired(); });
    }

  private:
    static DeviceArray<T> upload(const RecurrentMatrix& matrix, Stream& stream) {
        const auto n = static_cast<std::size_t>(matrix.units());
        std::vector<T> by_column(n * n);
        std::vector<double> row(n);
        for (std::size_t to = 0; to < n; ++to) {
            matrix.row(static_cast<int>(to), row);
            for (std::size_t from = 0; from < n; ++from) {
                by_column[from * n + to] = static_cast<T>(row[from]);
            }
        }
        DeviceArray<T> array(std::span<const T>(by_column), stream);
        stream.synchronize();
        return array;
    }

    struct Entry {
        std::shared_ptr<const RecurrentMatrix> source;  ///< kept: its address is the key
        std::weak_ptr<const DeviceArray<T>> on_device;
    };
    std::map<const RecurrentMatrix*, Entry> entries_;
};

/// Where the fixed weights of a network stand in an upload.
struct WeightPlaces {
    std::size_t input = 0;
    std::size_t feedback = 0;
    std::size_t bias = 0;
};

template <typename T>
WeightPlaces append_weights(PackedUpload<T>& upload, const NetworkModel& model) {
    WeightPlaces places;
    places.input = upload.append_transposed(model.input, model.units, model.inputs);
    places.feedback = upload.append_transposed(model.feedback, model.units, model.outputs);
    places.bias = upload.append(model.bias);
    return places;
}

/// The weights as kernels see them; `block` is where the upload went.
template <typename T>
Weights<T> weights_of(const NetworkModel& model, const DeviceArray<T>& matrix, const T* block,
                      const WeightPlaces& places) {
    Weights<T> w;
    w.units = model.units;
    w.inputs = model.input.empty() ? 0 : model.inputs;
    w.outputs = model.outputs;
    w.cell = model.cell;
    w.gain = static_cast<T>(model.gain);
    w.step = static_cast<T>(model.dt / model.tau);
    w.recurrent = matrix.data();
    w.input = block + places.input;
    w.feedback = model.feedback.empty() ? nullptr : block + places.feedback;
    w.bias = model.bias.empty() ? nullptr : block + places.bias;
    return w;
}

/// z = readout r(x) in working precision, [output]: what a network feeds back at its first step.
template <typename T>
std::vector<T> first_output(const NetworkModel& model, const double* x) {
    const auto n = static_cast<std::size_t>(model.units);
    std::vector<T> z(static_cast<std::size_t>(model.outputs), T{0});
    for (std::size_t o = 0; o < z.size(); ++o) {
        for (std::size_t i = 0; i < n; ++i) {
            z[o] += static_cast<T>(model.readout[o * n + i]) *
                    rate_of(model.cell, static_cast<T>(x[i]));
        }
    }
    return z;
}

}  // namespace shoal::cuda
