// SPDX-License-Identifier: MIT
// The cuda backend on other emulated devices: orders of threads, less shared memory, less memory.
#include "core/error.hpp"
#include "device_network.hpp"
#include "emu/cuda_support.hpp"
#include "trial_store.hpp"

namespace shoal {
namespace {

/// Trains two trials of a network.
ForceState trained(const TestNetwork& network, Precision precision) {
    return train(*cuda_backend(precision), network, 2).back();
}

void expect_same_bits_in_any_order(int units, Precision precision, Cell cell) {
    NetworkFactory factory;
    const TestNetwork network = make_brief_network(factory, units, 3, cell);
    const auto in_turn = trained(network, precision);
    for (const char* seed : {"1", "2", "77"}) {
        const Environment schedule("SHOAL_EMULATED_SCHEDULE", seed);
        EXPECT_TRUE(same_bits(trained(network, precision), in_turn)) << "seed " << seed;
    }
    const Environment schedule("SHOAL_EMULATED_SCHEDULE", "0");
    EXPECT_TRUE(same_bits(trained(network, precision), in_turn));
}

SimulationResult simulated(const TestNetwork& network, int conditions, Precision precision) {
    SimulationRequest request;
    request.network = &network.model;
    request.steps = 6;
    request.outputs_from = 0;
    request.mean_rates = {{0, 6}};
    for (int c = 0; c < conditions; ++c) {
        for (const double x : network.model.initial_state) {
            request.initial_states.push_back(x * (1.0 + 0.01 * c));
        }
        request.inputs.push_back(nullptr);
    }
    request.constant_input = {0.3, -0.2};
    const std::vector<SimulationRequest> twice = {request, request};
    return cuda_backend(precision)->simulate(twice).back();
}

void expect_equal(const SimulationResult& a, const SimulationResult& b) {
    EXPECT_EQ(a.outputs, b.outputs);
    EXPECT_EQ(a.mean_rates, b.mean_rates);
    EXPECT_EQ(a.final_states, b.final_states);
    EXPECT_EQ(a.diverged_at, b.diverged_at);
}

void expect_simulation_in_any_order(int units, int conditions, Precision precision) {
    NetworkFactory factory;
    TestNetwork network = make_brief_network(factory, units, 3);
    network.model.readout.assign(network.model.readout.size(), 0.02);
    const auto in_turn = simulated(network, conditions, precision);
    for (const char* seed : {"3", "4"}) {
        const Environment schedule("SHOAL_EMULATED_SCHEDULE", seed);
        expect_equal(simulated(network, conditions, precision), in_turn);
    }
}

/// Cards with 99 KB of shared memory a block keep the pending gains of large networks in device
/// memory; the operations are the same.
void expect_same_bits_on(const std::string& capability) {
    NetworkFactory factory;
    std::vector<TestNetwork> networks;
    for (const int units : {33, 178, 200, 204}) {
        networks.push_back(make_brief_network(factory, units, 1));
    }
    const auto train_all = [&](const std::string& expected) {
        const auto backend = cuda_backend();
        EXPECT_EQ(backend->instruction_set(), expected);
        const auto session = backend->force_session();
        std::vector<Trial> trials;
        std::vector<ForceSession::Work> work;
        for (const TestNetwork& network : networks) {
            trials.push_back(trial_of(network, 0));
            work.push_back({session->add(network.model, network.rule, nullptr)});
        }
        for (std::size_t i = 0; i < work.size(); ++i) {
            work[i].trial = &trials[i];
        }
        std::vector<TrialOutcome> outcomes(work.size());
        session->run_trial(work, outcomes);
        session->run_trial(work, outcomes);
        std::vector<ForceState> states;
        for (const auto& one : work) {
            states.push_back(session->state(one.handle, ForceSession::Parts::everything));
        }
        return states;
    };
    const auto usual = train_all("sm_90");
    const Environment device("SHOAL_EMULATED_DEVICE", capability);
    const auto other = train_all("sm_" + capability);
    for (std::size_t i = 0; i < networks.size(); ++i) {
        EXPECT_TRUE(same_bits(usual[i], other[i])) << networks[i].model.units;
    }
}

TEST(device, simulation_on_another) {
    NetworkFactory factory;
    const TestNetwork network = make_brief_network(factory, 200, 1);
    const auto usual = simulated(network, 3, Precision::fp32);
    const Environment device("SHOAL_EMULATED_DEVICE", "89");
    expect_equal(simulated(network, 3, Precision::fp32), usual);
}

TEST(device, unknown_number_is_a_device_error) {
    for (const int number : {7, -1}) {
        try {
            make_backend("cuda", {Precision::fp32, 1, number});
            FAIL();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ExitCode::device);
            EXPECT_EQ(std::string(error.what()).rfind("--device " + std::to_string(number), 0), 0u)
                << error.what();
        }
    }
}

// ---- Memory

template <class Call>
std::string device_error_of(Call call) {
    try {
        call();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::device);
        return error.what();
    }
    ADD_FAILURE() << "no error";
    return "";
}

TEST(memory, running_out_names_the_phase) {
    NetworkFactory factory;
    const TestNetwork network = make_brief_network(factory, 200, 1);
    const Environment memory("SHOAL_EMULATED_MEMORY", "400000");
    const auto backend = cuda_backend();
    const auto session = backend->force_session();
    // J alone has 160,000 bytes, P 2 x 80,400.
    const auto before = backend->available_memory();
    const std::string adding = device_error_of([&] {
        session->add(network.model, network.rule, nullptr);
        const TestNetwork other = make_brief_network(factory, 200, 2);
        session->add(other.model, other.rule, nullptr);
    });
    EXPECT_NE(adding.find("upload of network"), std::string::npos) << adding;
    EXPECT_NE(adding.find("out of memory"), std::string::npos) << adding;
    EXPECT_LT(backend->available_memory(), before);
}

TEST(memory, running_out_within_a_trial_leaves_the_networks) {
    NetworkFactory factory;
    const TestNetwork network = make_network(factory, 33, 1);
    const auto backend = cuda_backend();
    const auto session = backend->force_session();
    const auto empty = backend->available_memory();
    const int handle = session->add(network.model, network.rule, nullptr);
    const auto taken = empty - backend->available_memory();
    const auto before = session->state(handle, ForceSession::Parts::everything);
    const Trial trial = trial_of(network, 0);
    const ForceSession::Work work{handle, &trial, 0};
    TrialOutcome outcome;
    {
        const Environment memory("SHOAL_EMULATED_MEMORY", std::to_string(taken + 1000));
        const std::string message = device_error_of([&] {
            session->run_trial({&work, 1}, {&outcome, 1});
        });
        EXPECT_NE(message.find("FORCE trial of network"), std::string::npos) << message;
    }
    EXPECT_TRUE(same_bits(session->state(handle, ForceSession::Parts::everything), before));
    session->run_trial({&work, 1}, {&outcome, 1});
    EXPECT_TRUE(same_bits(session->state(handle, ForceSession::Parts::everything),
                          train(*backend, network, 1).front()));
}

TEST(memory, a_network_takes_what_force_bytes_says_and_gives_it_back) {
    const auto expect_bytes = [](int units, Precision precision) {
        NetworkFactory factory;
        const TestNetwork network = make_brief_network(factory, units, 1);
        const auto backend = cuda_backend(precision);
        const auto session = backend->force_session();
        const auto free_bytes = backend->available_memory();
        const int first = session->add(network.model, network.rule, nullptr);
        const auto with_matrix = free_bytes - backend->available_memory();
        const int second = session->add(network.model, network.rule, nullptr);
        const auto without = free_bytes - backend->available_memory() - with_matrix;
        const auto said = backend->force_bytes(units, 3, 2);
        EXPECT_LE(without, said) << units;
        EXPECT_GE(without + said / 4 + 512, said) << units;
        EXPECT_EQ(with_matrix - without, backend->recurrent_bytes(units)) << units;
        session->remove(second);
        EXPECT_EQ(free_bytes - backend->available_memory(), with_matrix);
        session->remove(first);
        EXPECT_EQ(backend->available_memory(), free_bytes);
    };
    for (const int units : {1, 33, 100, 200, 205}) {
        expect_bytes(units, Precision::fp32);
    }
    expect_bytes(33, Precision::fp64);
}

/// Requests that do not fit together go in batches, to the same bits; one that is larger than what
/// is free is tried all the same.
TEST(memory, simulation_in_batches) {
    NetworkFactory factory;
    std::vector<TestNetwork> networks;
    std::vector<SimulationRequest> requests;
    for (const int units : {33, 64, 100, 33, 200, 20}) {
        networks.push_back(make_brief_network(factory, units, 1));
    }
    for (const TestNetwork& network : networks) {
        SimulationRequest request;
        request.network = &network.model;
        request.steps = 5;
        request.outputs_from = 0;
        request.initial_states = network.model.initial_state;
        request.inputs = {nullptr};
        requests.push_back(request);
    }
    const auto roomy = cuda_backend()->simulate(requests);
    const Environment memory("SHOAL_EMULATED_MEMORY", "190000");
    const auto tight = cuda_backend()->simulate(requests);
    ASSERT_EQ(tight.size(), roomy.size());
    for (std::size_t i = 0; i < roomy.size(); ++i) {
        expect_equal(tight[i], roomy[i]);
    }
}

TEST(memory, snapshot_stays_while_training_goes_on) {
    NetworkFactory factory;
    const auto backend = cuda_backend();
    const auto session = backend->force_session();
    std::vector<TestNetwork> networks;
    std::vector<int> handles;
    for (const int units : {33, 100, 205}) {
        networks.push_back(make_brief_network(factory, units, 1));
        handles.push_back(session->add(networks.back().model, networks.back().rule, nullptr));
    }
    const auto run = [&](int number) {
        for (std::size_t i = 0; i < networks.size(); ++i) {
            const Trial trial = trial_of(networks[i], number);
            const ForceSession::Work work{handles[i], &trial, 0};
            TrialOutcome outcome;
            session->run_trial({&work, 1}, {&outcome, 1});
        }
    };
    run(0);
    std::vector<ForceState> states;
    for (const int handle : handles) {
        states.push_back(session->state(handle, ForceSession::Parts::everything));
    }
    const auto snapshot = session->snapshot(handles);
    ASSERT_NE(snapshot, nullptr);
    run(1);
    for (std::size_t i = 0; i < handles.size(); ++i) {
        EXPECT_TRUE(same_bits(snapshot->state(handles[i]), states[i])) << i;
        EXPECT_FALSE(
            same_bits(session->state(handles[i], ForceSession::Parts::everything), states[i]));
    }
}

// ---- Plans and uploads

/// errors: one character a step; '.' none, 'a' group 0, 'b' group 1, 'c' both.
std::vector<std::uint32_t> errors_of(const std::string& text) {
    std::vector<std::uint32_t> errors;
    for (const char c : text) {
        errors.push_back(c == 'a' ? 1u : c == 'b' ? 2u : c == 'c' ? 3u : 0u);
    }
    return errors;
}

/// One line a group, one character a step: '.' nothing, else the number of updates pending before
/// this step's; '!' stands behind steps that end with a rewrite, '+' where one comes first.
std::string written(const std::vector<cuda::GroupStep>& plan, int groups) {
    std::string text;
    for (int group = 0; group < groups; ++group) {
        for (std::size_t at = static_cast<std::size_t>(group); at < plan.size();
             at += static_cast<std::size_t>(groups)) {
            text += plan[at].full > 0 ? "+" : "";
            text += plan[at].update < 0 ? "." : std::to_string(plan[at].update);
            text += plan[at].ends > 0 ? "!" : "";
        }
        text += "\n";
    }
    return text;
}

TEST(plan_steps, updates_at_even_global_steps_and_a_rewrite_where_an_epoch_ends) {
    const auto plan = [](const std::string& errors, int odd, int groups) {
        return written(cuda::plan_steps(errors_of(errors), odd, groups), groups);
    };
    EXPECT_EQ(plan("..aaaaa..", 0, 1), "..0.1.2!..\n");
    EXPECT_EQ(plan("..aaaaa..", 1, 1), "...0.1.!..\n");
    EXPECT_EQ(plan(".a.", 0, 1), "...\n");
    EXPECT_EQ(plan(".a.", 1, 1), ".0!.\n");
    EXPECT_EQ(plan("..a", 0, 1), "..0!\n");
    EXPECT_EQ(plan("", 0, 1), "\n");
    EXPECT_EQ(plan("aabb", 0, 2), "0.!..\n..0.!\n");
    EXPECT_EQ(plan("abab", 0, 2), "0!.0!.\n....\n");
    EXPECT_EQ(plan("accb", 0, 2), "0.1!.\n..0.!\n");
}

TEST(plan_steps, a_full_epoch_is_cut) {
    const auto plan = cuda::plan_steps(std::vector<std::uint32_t>(66, 1u), 0, 1);
    for (std::size_t t = 0; t < plan.size(); ++t) {
        EXPECT_EQ(plan[t].update, t % 2 != 0 ? -1 : t == 64 ? 0 : static_cast<int>(t / 2)) << t;
        EXPECT_EQ(plan[t].full, t == 64 ? 32 : 0) << t;
        EXPECT_EQ(plan[t].ends, t == 65 ? 1 : 0) << t;
    }
}

TEST(packed_upload, parts_are_aligned_and_in_order) {
    cuda::PackedUpload<float> upload;
    const std::size_t a = upload.append(std::vector<double>{1.5, 2.5, 3.5});
    const std::size_t empty = upload.append(std::vector<double>{});
    const std::size_t b = upload.append_transposed({1, 2, 3, 4, 5, 6}, 3, 2);
    const std::size_t c = upload.append_zeros(5);
    upload[c + 4] = 9.0f;
    EXPECT_EQ(a, 0u);
    EXPECT_EQ(empty, 4u);
    EXPECT_EQ(b, 4u);
    EXPECT_EQ(c, 12u);
    EXPECT_EQ(upload.size(), 20u);
    cuda::Stream stream;
    std::vector<float> got(upload.size());
    upload.upload(stream).download(got, stream);
    stream.synchronize();
    EXPECT_EQ(got, (std::vector<float>{1.5f, 2.5f, 3.5f, 0, 1, 3, 5, 2, 4, 6,
                                       0,    0,    0,    0, 0, 0, 9, 0, 0, 0}));
}

const bool registered = [] {
    const auto order = [](const char* suite, int units, Precision precision, Cell cell) {
        add_test(suite, "shuffled_" + size_name(units),
                 [=] { expect_same_bits_in_any_order(units, precision, cell); });
    };
    order("force_on_chip", 1, Precision::fp32, Cell::current);
    order("force_on_chip", 33, Precision::fp32, Cell::rate);
    order("force_on_chip", 100, Precision::fp32, Cell::current);
    order("force_on_chip", 200, Precision::fp32, Cell::current);
    order("streamed_trial", 205, Precision::fp32, Cell::current);
    order("streamed_trial", 65, Precision::fp64, Cell::rate);
    add_test("simulate_on_chip", "shuffled_n32",
             [] { expect_simulation_in_any_order(32, 280, Precision::fp32); });
    add_test("simulate_on_chip", "shuffled_n200",
             [] { expect_simulation_in_any_order(200, 5, Precision::fp32); });
    add_test("streamed_simulation", "shuffled_n257",
             [] { expect_simulation_in_any_order(257, 2, Precision::fp32); });
    for (const char* capability : {"80", "86", "89", "120"}) {
        add_test("device", std::string("same_bits_sm_") + capability,
                 [=] { expect_same_bits_on(capability); });
    }
    return true;
}();

}  // namespace
}  // namespace shoal
