// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "config/config.hpp"

namespace shoal {
namespace {

const char* example = R"(name: working-memory
seed: 1                    # one number per config
network: {units: 200, cell: current, tau: 1.0, dt: 0.1, gain: 1.2, density: 0.6, feedback_scale: 0.2, input_scale: 0.02, init: gauss}
task: {kind: sequential-sum, source: digits, codes: [1.0, 0.5, 1.5]}
training: {method: force, trials: 600}
sweep:
  network.gain: [0.8, 1.1, 1.4]
  network.density: [0.4, 0.9]
  replicate: 10
analysis: {level: first}
)";

TEST(Config, ExampleLoads) {
    const Config config = parse_config(example, "x.yaml", "/tmp");
    EXPECT_EQ(config.networks.size(), 60u);
    EXPECT_EQ(config.swept_keys, (std::vector<std::string>{"network.gain", "network.density"}));
    const Config again = parse_config(config.resolved_yaml, "y.yaml", "/");
    EXPECT_EQ(again.resolved_yaml, config.resolved_yaml);
}

}  // namespace
}  // namespace shoal
