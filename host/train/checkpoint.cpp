// SPDX-License-Identifier: MIT
#include "train/checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "core/error.hpp"
#include "store/bytes.hpp"
#include "store/segments.hpp"

namespace shoal {
namespace {

constexpr Precision precisions[] = {Precision::fp32, Precision::fp64, Precision::tf32,
                                    Precision::bf16};

/// Doubles that came from floats are stored as floats: exact, at half the size.
void put_values(ByteWriter& out, const std::vector<double>& values, Precision precision) {
    if (is_single(precision)) {
        out.put(std::vector<float>(values.begin(), values.end()));
    } else {
        out.put(values);
    }
}

std::vector<double> get_values(ByteReader& in, Precision precision) {
    if (is_single(precision)) {
        const auto values = in.get_vector<float>();
        return {values.begin(), values.end()};
    }
    return in.get_vector<double>();
}

struct PutState {
    ByteWriter& out;
    Precision precision;

    void operator()(const ForceState& state) const {
        put_values(out, state.state, precision);
        put_values(out, state.readout, precision);
        put_values(out, state.output, precision);
        out.put(static_cast<std::uint64_t>(state.inverse_correlation.size()));
        for (const auto& p : state.inverse_correlation) {
            put_values(out, p, precision);
        }
    }
    void operator()(const GradientState& state) const {
        put_values(out, state.weights, precision);
        put_values(out, state.first_moment, precision);
        put_values(out, state.second_moment, precision);
    }
};

ForceState get_force_state(ByteReader& in, Precision precision) {
    ForceState state;
    state.state = get_values(in, precision);
    state.readout = get_values(in, precision);
    state.output = get_values(in, precision);
    for (auto groups = in.get<std::uint64_t>(); groups > 0; --groups) {
        state.inverse_correlation.push_back(get_values(in, precision));
    }
    return state;
}

GradientState get_gradient_state(ByteReader& in, Precision precision) {
    GradientState state;
    state.weights = get_values(in, precision);
    state.first_moment = get_values(in, precision);
    state.second_moment = get_values(in, precision);
    return state;
}

}  // namespace

std::vector<std::pair<std::uint64_t, std::filesystem::path>> CheckpointFiles::generations() const {
    std::vector<std::pair<std::uint64_t, std::filesystem::path>> found;
    if (std::filesystem::exists(folder_)) {
        for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
            unsigned long long number = 0;
            int used = 0;
            const std::string name = entry.path().filename().string();
            if (std::sscanf(name.c_str(), "active-%12llu.bin%n", &number, &used) == 1 &&
                static_cast<std::size_t>(used) == name.size()) {
                found.emplace_back(number, entry.path());
            }
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

void CheckpointFiles::write(std::size_t count,
                            const std::function<ActiveNetwork(std::size_t)>& network) {
    const auto old = generations();
    const std::uint64_t next = old.empty() ? 0 : old.back().first + 1;
    const auto path = folder_ / fmt::format("active-{:012d}.bin", next);
    write_sealed(path, [&](const PutRecord& put) {
        for (std::size_t i = 0; i < count; ++i) {
            const ActiveNetwork active = network(i);
            ByteWriter out;
            out.put(static_cast<std::int32_t>(precision_));
            out.put(active.uid);
            out.put(active.rounds_done);
            out.put(active.curve);
            out.put(static_cast<std::int32_t>(active.state.index()));
            std::visit(PutState{out, precision_}, active.state);
            put(out.bytes());
        }
    });
    for (std::size_t i = 0; i + 1 < old.size(); ++i) {
        std::filesystem::remove(old[i].second);
    }
}

std::string CheckpointFiles::read(const std::function<void(ActiveNetwork&&)>& use) const {
    const auto found = generations();
    std::string problems;
    bool in_use = false;
    for (auto generation = found.rbegin(); generation != found.rend(); ++generation) {
        try {
            read_sealed(generation->second, [&](std::span<const std::byte> record, std::uint64_t) {
                ByteReader in(record);
                const auto precision = in.get_among(std::span<const Precision>(precisions));
                ActiveNetwork network;
                network.uid = in.get_text();
                network.rounds_done = in.get<int>();
                network.curve = in.get_vector<float>();
                if (in.get<std::int32_t>() == 0) {
                    network.state = get_force_state(in, precision);
                } else {
                    network.state = get_gradient_state(in, precision);
                }
                in_use = true;
                use(std::move(network));
                in_use = false;
            });
            return problems.empty() ? ""
                                    : fmt::format("{}; using the older {}", problems,
                                                  generation->second.filename().string());
        } catch (const Error& error) {
            if (in_use) {
                throw;  // not the checkpoint's fault
            }
            problems += (problems.empty() ? "" : "; ") + std::string(error.what());
        }
    }
    if (!problems.empty()) {
        throw file_error(fmt::format(
            "{}\nno good checkpoint is left: remove the active-*.bin files to train their "
            "networks from the start; finished ones are kept",
            problems));
    }
    return "";
}

std::uint64_t CheckpointFiles::bytes_of(int units, int outputs, int groups, Precision precision) {
    const auto n = static_cast<std::uint64_t>(units);
    const std::uint64_t values = n * static_cast<std::uint64_t>(1 + outputs) +
                                 static_cast<std::uint64_t>(groups) * n * (n + 1) / 2;
    return values * (is_single(precision) ? sizeof(float) : sizeof(double));
}

std::uint64_t CheckpointFiles::bytes_of(const GradientShape& shape, Precision precision) {
    return 3 * WeightLayout(shape).size * (is_single(precision) ? sizeof(float) : sizeof(double));
}

}  // namespace shoal
