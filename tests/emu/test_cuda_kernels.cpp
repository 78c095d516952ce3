// SPDX-License-Identifier: MIT
// Single kernels of streamed networks against plain loops, and what the emulator says when one of
// them is given too little.
#include "emu/kernel_support.hpp"
#include "emulator.hpp"
#include "streamed_trials.hpp"

namespace shoal::cuda {
namespace {

// ---- multiply

/// 18 columns of one matrix (one tile and a piece), one column of another: each is one sum in
/// order, so that not a bit may differ from the plain loop.
template <typename T>
void expect_products(int units, int columns) {
    Device device;
    const auto n = number(units);
    const auto matrix = normals<T>(n * n, 1);
    const auto other = normals<T>(n * n, 2);
    const auto rates = normals<T>(n * number(columns + 1), 3);
    const auto d_matrix = device.put(matrix);
    const auto d_other = device.put(other);
    const auto d_rates = device.put(rates);
    const DeviceArray<T> d_products(n * number(columns + 1));
    // The column of the other matrix stands among those of the first.
    std::vector<const T*> matrices(number(columns + 1), d_matrix.data());
    const std::size_t odd_one = number(columns / 2);
    matrices[odd_one] = d_other.data();
    const auto plan = plan_products<T>(matrices, std::vector<int>(number(columns + 1), units));
    std::vector<ProductColumn<T>> table;
    for (const std::size_t c : plan.order) {
        table.push_back({d_rates.data() + c * n, d_products.data() + c * n});
    }
    const auto d_table = device.put(table);
    const auto d_tiles = device.put(plan.tiles);
    launch(operation::Multiply<T>{d_tiles.data(), d_table.data()},
           {static_cast<int>(plan.tiles.size()), ProductTile<T>::threads,
            ProductTile<T>::shared_bytes},
           device.stream);
    const auto got = device.get(d_products);
    std::vector<T> want(got.size());
    for (std::size_t c = 0; c < number(columns + 1); ++c) {
        const auto& its = c == odd_one ? other : matrix;
        for (std::size_t to = 0; to < n; ++to) {
            T sum = 0;
            for (std::size_t from = 0; from < n; ++from) {
                sum = fused(its[from * n + to], rates[c * n + from], sum);
            }
            want[c * n + to] = sum;
        }
    }
    EXPECT_EQ(got, want);
}

// ---- begin_run and advance

template <typename T>
struct OneRun {
    Device device;
    int units;
    std::vector<T> input, feedback, bias, readout, state, product, drive, z;
    DeviceArray<T> d_input, d_feedback, d_bias, d_readout, d_state, d_product, d_drive, d_z;
    DeviceArray<T> d_rates, d_recorded;
    DeviceArray<double> d_sums;
    DeviceArray<int> d_diverged;
    DeviceArray<MeanWindow> d_windows;
    DeviceArray<Run<T>> d_runs;
    DeviceArray<Condition<T>> d_conditions;
    Weights<T> weights;

    OneRun(int n, Cell cell) : units(n), d_rates(number(n)), d_recorded(4 * 3) {
        const auto u = number(n);
        const auto make = [&](std::vector<T>& h, DeviceArray<T>& d, std::size_t count,
                              std::uint32_t stream) {
            h = normals<T>(count, stream);
            d = device.put(h);
        };
        make(input, d_input, 2 * u, 1);
        make(feedback, d_feedback, 3 * u, 2);
        make(bias, d_bias, u, 3);
        make(readout, d_readout, 3 * u, 4);
        make(state, d_state, u, 5);
        make(product, d_product, u, 6);
        make(drive, d_drive, 4 * 2, 7);
        make(z, d_z, 3, 8);
        d_sums = device.put(std::vector<double>(2 * u, 0.0));
        d_diverged = device.put(std::vector<int>{-1});
        d_windows = device.put(std::vector<MeanWindow>{{0, 4}, {2, 3}});
        weights = {n,
                   2,
                   3,
                   cell,
                   T(1.3),
                   T(0.1),
                   nullptr,
                   d_input.data(),
                   d_feedback.data(),
                   d_bias.data()};
        d_runs = device.put(
            std::vector<Run<T>>{{weights, d_readout.data(), nullptr, 4, 1, d_windows.data(), 2}});
        d_conditions = device.put(std::vector<Condition<T>>{
            {0, d_drive.data(), d_state.data(), d_z.data(), d_rates.data(), d_product.data(),
             d_recorded.data(), d_sums.data(), d_diverged.data()}});
    }
    void begin() {
        launch(operation::BeginRun<T>{d_runs.data(), d_conditions.data()},
               {1, AdvanceArguments<T>::threads, 0}, device.stream);
    }
    void advance(int t) {
        launch(operation::Advance<T>{{d_runs.data(), d_conditions.data(), false}, t},
               {1, AdvanceArguments<T>::threads, advance_shared_bytes<T>(3)}, device.stream);
    }
};

template <typename T>
void expect_step(int units, Cell cell) {
    OneRun<T> run(units, cell);
    const auto n = number(units);
    run.begin();
    std::vector<T> rates(n);
    for (std::size_t i = 0; i < n; ++i) {
        rates[i] = rate_of(cell, run.state[i]);
    }
    EXPECT_EQ(run.device.get(run.d_rates), rates);

    run.advance(2);
    std::vector<T> state(n);
    for (std::size_t i = 0; i < n; ++i) {
        T a = T(1.3) * run.product[i];
        for (std::size_t o = 0; o < 3; ++o) {
            a = fused(run.feedback[o * n + i], run.z[o], a);
        }
        for (std::size_t k = 0; k < 2; ++k) {
            a = fused(run.input[k * n + i], run.drive[2 * 2 + k], a);
        }
        a += run.bias[i];
        state[i] = next_state<T>(cell, run.state[i], a, T(0.1));
        rates[i] = rate_of(cell, state[i]);
    }
    EXPECT_EQ(run.device.get(run.d_state), state);
    EXPECT_EQ(run.device.get(run.d_rates), rates);
    const auto z = run.device.get(run.d_z);
    const auto recorded = run.device.get(run.d_recorded);
    for (std::size_t o = 0; o < 3; ++o) {
        double sum = 0, size = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const double term = static_cast<double>(run.readout[o * n + i]) * rates[i];
            sum += term;
            size += std::abs(term);
        }
        EXPECT_NEAR(z[o], sum, (units + 16) * epsilon<T> * size);
        EXPECT_EQ(recorded[1 * 3 + o], z[o]);  // step 2, recorded from step 1 on
    }
    const auto sums = run.device.get(run.d_sums);
    for (std::size_t i = 0; i < n; ++i) {
        EXPECT_EQ(sums[i], static_cast<double>(rates[i]));
        EXPECT_EQ(sums[n + i], static_cast<double>(rates[i]));
    }
    EXPECT_EQ(run.device.get(run.d_diverged), (std::vector<int>{-1}));
    // The run has four steps: the fifth is none.
    run.advance(4);
    EXPECT_EQ(run.device.get(run.d_state), state);
}

// ---- begin_trial and end_trial

template <typename T>
void expect_frame(int units, int diverged_at) {
    Device device;
    const auto n = number(units);
    const auto state = normals<T>(n, 1);
    const auto readout = normals<T>(2 * n, 2);
    const auto output = normals<T>(2, 3);
    const auto recorded = normals<T>(6, 4);
    const auto targets = normals<double>(6, 5);
    auto d_state = device.put(state);
    auto d_readout = device.put(readout);
    auto d_output = device.put(output);
    const auto d_recorded = device.put(recorded);
    const auto d_targets = device.put(targets);
    const auto d_errors = device.put(std::vector<std::uint32_t>{1, 3, 2});
    const auto d_groups = device.put(std::vector<int>{0, 1});
    const DeviceArray<T> d_rates(n), d_kept_state(n), d_kept_readout(2 * n), d_kept_output(2);
    const DeviceArray<double> d_squared(2);
    const DeviceArray<int> d_terms(2);
    DeviceArray<int> d_diverged(1);
    TrialFrame<T> frame;
    frame.network.weights.units = units;
    frame.network.weights.outputs = 2;
    frame.network.group_of_output = d_groups.data();
    frame.network.state = d_state.data();
    frame.network.readout = d_readout.data();
    frame.network.output = d_output.data();
    frame.trial = {3, nullptr, d_targets.data(), d_errors.data()};
    frame.rates = d_rates.data();
    frame.kept_state = d_kept_state.data();
    frame.kept_readout = d_kept_readout.data();
    frame.kept_output = d_kept_output.data();
    frame.recorded = d_recorded.data();
    const auto d_frames = device.put(std::vector<TrialFrame<T>>{frame});
    const TrialSums sums{d_squared.data(), d_terms.data(), d_diverged.data(), 2};
    const LaunchShape shape{1, TrialFrame<T>::threads, 0};

    launch(operation::BeginTrial<T>{d_frames.data(), sums}, shape, device.stream);
    EXPECT_EQ(device.get(d_kept_state), state);
    EXPECT_EQ(device.get(d_kept_readout), readout);
    EXPECT_EQ(device.get(d_kept_output), output);
    EXPECT_EQ(device.get(d_diverged), (std::vector<int>{-1}));
    std::vector<T> rates(n);
    for (std::size_t i = 0; i < n; ++i) {
        rates[i] = rate_of(Cell::current, state[i]);
    }
    EXPECT_EQ(device.get(d_rates), rates);

    // The trial leaves something else behind.
    d_state.upload(normals<T>(n, 6), device.stream);
    d_readout.upload(normals<T>(2 * n, 7), device.stream);
    d_output.upload(normals<T>(2, 8), device.stream);
    d_diverged.upload(std::vector<int>{diverged_at}, device.stream);
    launch(operation::EndTrial<T>{d_frames.data(), sums}, shape, device.stream);
    const bool back = diverged_at >= 0;
    EXPECT_EQ(device.get(d_state), back ? state : normals<T>(n, 6));
    EXPECT_EQ(device.get(d_readout), back ? readout : normals<T>(2 * n, 7));
    EXPECT_EQ(device.get(d_output), back ? output : normals<T>(2, 8));
    const auto square = [&](std::size_t at) {
        const double error = static_cast<double>(recorded[at]) - targets[at];
        return error * error;
    };
    // Output 0 has errors at steps 0 and 1, output 1 at steps 1 and 2; only steps before the
    // divergence count.
    const auto squared = device.get(d_squared);
    const auto terms = device.get(d_terms);
    EXPECT_EQ(terms, back ? (std::vector<int>{1, 0}) : (std::vector<int>{2, 2}));
    EXPECT_EQ(squared[0], back ? square(0) : square(0) + square(2));
    EXPECT_EQ(squared[1], back ? 0.0 : square(3) + square(5));
}

// ---- The detectors watch these very kernels

template <class Call>
emu::FaultKind fault_of(Call call) {
    try {
        call();
    } catch (const emu::Fault& fault) {
        return fault.kind();
    }
    ADD_FAILURE() << "no fault";
    return emu::FaultKind::bad_launch;
}

/// A group whose barriers are left out.
struct WithoutBarriers : emu::Group {
    void sync() const {}
};

struct SmallProduct {
    Device device;
    DeviceArray<float> matrix = device.put(normals<float>(40 * 40, 1));
    DeviceArray<float> rates = device.put(normals<float>(40, 2));
    DeviceArray<float> product;
    DeviceArray<ProductTile<float>> tiles;
    DeviceArray<ProductColumn<float>> columns;
    int tile_count;

    explicit SmallProduct(std::size_t room) : product(room) {
        const auto plan = plan_products<float>({matrix.data()}, {40});
        tile_count = static_cast<int>(plan.tiles.size());
        tiles = device.put(plan.tiles);
        columns = device.put(std::vector<ProductColumn<float>>{{rates.data(), product.data()}});
    }
    void run(int shared_bytes) {
        launch(operation::Multiply<float>{tiles.data(), columns.data()},
               {tile_count, ProductTile<float>::threads, shared_bytes}, device.stream);
    }
};

TEST(multiply, too_little_shared_memory_is_found) {
    SmallProduct good(40);
    good.run(ProductTile<float>::shared_bytes);
    EXPECT_EQ(fault_of([&] { good.run(ProductTile<float>::shared_bytes - 4); }),
              emu::FaultKind::shared_out_of_bounds);
}

TEST(multiply, a_store_outside_of_the_network_is_found) {
    SmallProduct narrow(39);
    EXPECT_EQ(fault_of([&] { narrow.run(ProductTile<float>::shared_bytes); }),
              emu::FaultKind::foreign_store);
}

TEST(multiply, a_missing_barrier_is_found) {
    SmallProduct good(40);
    emu::Launch how;
    how.kernel = "multiply without barriers";
    how.blocks = good.tile_count;
    how.threads = ProductTile<float>::threads;
    how.shared_bytes = ProductTile<float>::shared_bytes;
    const auto kind = fault_of([&] {
        emu::launch(how, [&](const emu::Group& g) {
            multiply(WithoutBarriers{g}, good.tiles.data(), good.columns.data());
        });
    });
    // Who came first read what nobody had written; otherwise the two race.
    EXPECT_TRUE(kind == emu::FaultKind::race || kind == emu::FaultKind::unwritten_shared);
}

TEST(advance, too_little_shared_memory_is_found) {
    OneRun<float> run(33, Cell::current);
    run.begin();
    EXPECT_EQ(
        fault_of([&] {
            launch(
                operation::Advance<float>{{run.d_runs.data(), run.d_conditions.data(), false}, 0},
                {1, AdvanceArguments<float>::threads, advance_shared_bytes<float>(2)},
                run.device.stream);
        }),
        emu::FaultKind::shared_out_of_bounds);
}

const bool registered = [] {
    for (const int units : {1, 31, 32, 33, 64, 65, 100, 128, 200, 257, 1000}) {
        const std::string name = size_name(units);
        const int columns = units == 1000 ? 1 : 18;
        add_test("multiply", name, [=] { expect_products<float>(units, columns); });
        add_test("multiply", name + "_fp64", [=] { expect_products<double>(units, columns); });
        for (const Cell cell : all_values<Cell>) {
            const std::string which = cell == Cell::current ? "_current" : "_rate";
            add_test("advance", name + which, [=] { expect_step<float>(units, cell); });
            add_test("advance", name + which + "_fp64", [=] { expect_step<double>(units, cell); });
        }
        add_test("end_trial", name, [=] {
            expect_frame<float>(units, -1);
            expect_frame<double>(units, -1);
        });
        add_test("end_trial", name + "_diverged", [=] {
            expect_frame<float>(units, 1);
            expect_frame<double>(units, 1);
        });
    }
    return true;
}();

}  // namespace
}  // namespace shoal::cuda
