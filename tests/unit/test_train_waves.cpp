// SPDX-License-Identifier: MIT
// Order of training and the plan of which networks are in memory together.
#include <set>

#include "model/network.hpp"
#include "test_train_support.hpp"
#include "train/forecast.hpp"

namespace shoal::test {
namespace {

TEST(TrainingSequence, KeepsNetworksOfOneMatrixTogether) {
    // 2 gains x 3 replicates; a replicate has a matrix of its own per density.
    const Config config = config_of(
        with_sweep("  network.gain: [0.8, 1.2]\n  network.density: [0.4, 0.9]\n  replicate: 3\n"));

    const auto sequence = training_sequence(config);

    ASSERT_EQ(sequence.size(), 12u);
    EXPECT_EQ(std::set(sequence.begin(), sequence.end()).size(), 12u);
    // Rows 0 ... 11 are (gain, density, replicate), the last fastest.
    const std::vector<std::size_t> expected = {0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11};
    EXPECT_EQ(sequence, expected);
}

TEST(TrainingSequence, SizesDoNotShare) {
    const Config config =
        config_of(with_sweep("  network.gain: [0.8, 1.2]\n  network.units: [4, 5]\n"));

    EXPECT_EQ(training_sequence(config), (std::vector<std::size_t>{0, 2, 1, 3}));
}

/// Forwards, with sizes that are easy to add up: 100 bytes a network, 1000 a matrix.
class RoundNumbers final : public Backend {
  public:
    explicit RoundNumbers(int threads) : threads_(threads) {}
    std::string name() const override { return "test"; }
    std::string instruction_set() const override { return "none"; }
    Precision precision() const override { return Precision::fp32; }
    int threads() const override { return threads_; }
    std::unique_ptr<ForceSession> force_session() override { return nullptr; }
    std::unique_ptr<GradientSession> gradient_session() override { return nullptr; }
    std::vector<SimulationResult> simulate(std::span<const SimulationRequest>) override {
        return {};
    }
    std::uint64_t force_bytes(int, int, int) const override { return 100; }
    std::uint64_t recurrent_bytes(int) const override { return 1000; }
    std::uint64_t gradient_bytes(const GradientShape&) const override { return 100; }
    std::uint64_t gradient_scratch_bytes(const GradientShape&) const override { return 10; }
    std::uint64_t available_memory() const override { return std::uint64_t{1} << 30; }
    std::size_t networks_at_once() const override {
        return static_cast<std::size_t>(std::max(32, 4 * threads_));
    }
    Ceilings measure_ceilings(double) const override { return {}; }

  private:
    int threads_;
};

/// Sizes of the waves if every wave is trained to its end before the next one begins.
std::vector<std::size_t> waves(const Config& config, const Backend& backend, std::uint64_t memory) {
    WavePlan plan(config, backend, memory);
    std::vector<std::size_t> sizes;
    std::vector<const NetworkSpec*> wave;
    const auto end_wave = [&] {
        sizes.push_back(wave.size());
        for (const NetworkSpec* spec : wave) {
            plan.leave(*spec);
        }
        wave.clear();
        EXPECT_EQ(plan.networks(), 0u);
        EXPECT_EQ(plan.bytes(), 0u);
    };
    for (const std::size_t i : training_sequence(config)) {
        const NetworkSpec& spec = config.networks[i];
        if (!plan.room_for(spec)) {
            end_wave();
            EXPECT_TRUE(plan.room_for(spec));
        }
        plan.enter(spec);
        wave.push_back(&spec);
        EXPECT_LE(plan.bytes(), memory);
    }
    end_wave();
    return sizes;
}

/// Ten matrices, each shared by `members` networks.
Config ten_groups(int members) {
    std::string gains = "[0.5";
    for (int i = 1; i < members; ++i) {
        gains += ", " + std::to_string(0.5 + 0.01 * i);
    }
    return config_of(with_sweep("  network.gain: " + gains + "]\n  replicate: 10\n"));
}

TEST(WavePlan, TakesWholeGroupsUntilThreadsAreBusy) {
    const RoundNumbers backend(1);  // a wave of at least 32 networks
    EXPECT_EQ(waves(ten_groups(20), backend, 1'000'000),
              (std::vector<std::size_t>{40, 40, 40, 40, 40}));
    EXPECT_EQ(waves(ten_groups(32), backend, 1'000'000), std::vector<std::size_t>(10, 32));
    EXPECT_EQ(waves(ten_groups(3), backend, 1'000'000), (std::vector<std::size_t>{30 + 0}));
    EXPECT_EQ(waves(ten_groups(50), backend, 1'000'000), std::vector<std::size_t>(10, 50));
}

TEST(WavePlan, ManyThreadsWantMoreNetworks) {
    const RoundNumbers backend(20);  // four a thread: 80
    EXPECT_EQ(waves(ten_groups(20), backend, 1'000'000), (std::vector<std::size_t>{80, 80, 40}));
}

TEST(WavePlan, MemoryCutsGroups) {
    const RoundNumbers backend(1);
    // A matrix and nine networks of its group.
    EXPECT_EQ(
        waves(ten_groups(12), backend, 1900),
        (std::vector<std::size_t>{9, 3, 9, 3, 9, 3, 9, 3, 9, 3, 9, 3, 9, 3, 9, 3, 9, 3, 9, 3}));
    // Exactly one network at a time.
    EXPECT_EQ(waves(ten_groups(1), backend, 1100), std::vector<std::size_t>(10, 1));
}

TEST(WavePlan, OneNetworkMustFit) {
    const RoundNumbers backend(1);
    const Config config = ten_groups(1);
    try {
        const WavePlan plan(config, backend, 1099);
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::usage);
        EXPECT_NE(std::string(error.what()).find("--max-memory"), std::string::npos);
    }
}

TEST(WavePlan, PlacesAreTakenOneForOne) {
    const RoundNumbers backend(1);
    const Config config = ten_groups(20);
    const auto sequence = training_sequence(config);
    WavePlan plan(config, backend, 1'000'000);
    std::size_t next = 0;
    while (plan.room_for(config.networks[sequence[next]])) {
        plan.enter(config.networks[sequence[next++]]);
    }
    ASSERT_EQ(plan.networks(), 40u);
    const std::uint64_t bytes = plan.bytes();
    EXPECT_EQ(bytes, 2 * 1000u + 40 * 100u);

    plan.leave(config.networks[sequence[0]]);
    EXPECT_TRUE(plan.room_for(config.networks[sequence[next]]));
    plan.enter(config.networks[sequence[next++]]);
    EXPECT_EQ(plan.bytes(), bytes + 1000);  // the newcomer brings its matrix
    EXPECT_FALSE(plan.room_for(config.networks[sequence[next]]));
}

}  // namespace
}  // namespace shoal::test
