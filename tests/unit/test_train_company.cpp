// SPDX-License-Identifier: MIT
// What two networks share in memory (tasks, trials, matrices) they share because it is equal:
// whichever key tells them apart, each has the bits that it has alone.
#include <fmt/format.h>

#include <charconv>
#include <fstream>

#include "config/keys.hpp"
#include "test_train_support.hpp"

namespace shoal::test {
namespace {

struct Company {
    std::string name;
    std::string network;
    std::string task;
    std::string training;
};

void PrintTo(const Company& company, std::ostream* out) {
    *out << company.name;
}

const char* const by_force_text = "training: {trials: 2}\n";
const char* const by_gradients_text =
    "training: {method: bptt, iterations: 2, batch: 2, learning_rate: 0.01}\n";
const std::string short_sums_text =
    "{source: gaussians, durations: {stimulus1: 0.4, delay1: 0.4, stimulus2: 0.4, delay2: 0.4, "
    "response: 0.4}}";

std::vector<Company> companies() {
    const std::pair<const char*, std::string> tasks[] = {
        {"sum", short_sums_text},
        {"digits",
         "{durations: {stimulus1: 0.4, delay1: 0.4, stimulus2: 0.4, delay2: 0.4, "
         "response: 0.4}, path: digits0.csv}"},
        {"copy", "{kind: copy, delay: 1, symbols: 3, length: 2, noise: 0.1}"},
        {"interval", "{kind: interval, delay: 1, noise: 0.1}"},
        {"angular",
         "{kind: angular-integration, duration: 4, speed: 1, smoothness: 1, noise: 0.1}"},
        {"flipflop", "{kind: flip-flop, duration: 4, bits: 2, pulse_rate: 0.5, noise: 0.1}"},
        {"adding", "{kind: adding, duration: 4, noise: 0.1}"},
        {"file", "{kind: file, path: trials0.h5}"}};
    std::vector<Company> all;
    for (const auto& [name, task] : tasks) {
        all.push_back({std::string(name) + "_force", "", task, by_force_text});
        all.push_back({std::string(name) + "_bptt", "", task, by_gradients_text});
    }
    for (const char* init : {"uniform", "quasi-periodic", "quasi-periodic-flow", "orthogonal",
                             "identity", "glorot", "low-rank", "file"}) {
        std::string name = init;
        std::erase(name, '-');
        const std::string path = name == "file" ? ", path: weights0.h5" : "";
        all.push_back({"init_" + name, ", init: " + std::string(init) + path, short_sums_text,
                       by_gradients_text});
    }
    return all;
}

/// Two files of each kind that a configuration may name.
void write_files(const Folder& folder) {
    for (const int which : {0, 1}) {
        const std::string number = std::to_string(which);
        std::ofstream digits(folder / ("digits" + number + ".csv"));
        digits << "digit,u1,u2\n0,1,0.5\n0,1.1,0.4\n1,-0.5," << which << ".25\n1,-0.6,0.5\n";

        TrialsFile trials;
        trials.shape = {2, 1, 10};
        Trial trial;
        for (int t = 0; t < 10; ++t) {
            trial.inputs.insert(trial.inputs.end(), {0.1 * t, 1.0 + which});
            trial.targets.push_back(t < 5 ? 0.0 : 0.5);
            trial.mask.push_back(t < 5 ? 0 : 1);
        }
        trials.trials.push_back(trial);
        write_trials(folder / ("trials" + number + ".h5"), trials, 0.1);

        WeightsFile weights;
        weights.networks = 2;
        weights.units = 4;
        for (int i = 0; i < 2 * 4 * 4; ++i) {
            weights.recurrent.push_back(0.1 * ((i * 7 + which) % 5));
        }
        write_weights_h5(folder / ("weights" + number + ".h5"), weights);
    }
}

/// Values that a key might take in place of `value`, as YAML.
std::vector<std::string> other_values(const std::string& value) {
    double number = 0.0;
    const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (problem == std::errc{} && end == value.data() + value.size()) {
        std::vector<std::string> numbers;
        for (const double other : {2 * number, 0.5 * number, number + 1, number - 1, 0.5}) {
            numbers.push_back(fmt::format("{}", other));
        }
        return numbers;
    }
    return {
        "current",     "rate",       "digits",         "gaussians",   "adam",
        "sgd",         "mse",        "cross-entropy",  "constant",    "linear",
        "epochs",      "everywhere", "gauss",          "uniform",     "orthogonal",
        "glorot",      "within",     "[1, 0.25, 1.5]", "[recurrent]", "[[-0.5, -1.5], [-0.3, 0.7]]",
        "digits1.csv", "trials1.h5", "weights1.h5",    "matlab"};
}

class EveryKey : public testing::TestWithParam<Company> {};

TEST_P(EveryKey, LeavesTheBitsOfEitherNetwork) {
    const Folder folder;
    write_files(folder);
    const std::string text = "network: {units: 4" + GetParam().network +
                             "}\ntask: " + GetParam().task + "\n" + GetParam().training;
    const auto parsed = [&](const std::vector<std::string>& overrides) {
        return parse_config(text, "test", folder.path(), overrides);
    };
    const Config base = parsed({});
    Settings settings;
    settings.spec = base.networks.front();
    const auto backend = make_backend("cpu", {Precision::fp64, 1, 0});

    for (const Key& key : all_keys()) {
        // The kinds of task and training have tests of their own here.
        if (!key.identifies || !key.used(settings.spec) || key.name == "task.kind" ||
            key.name == "training.method") {
            continue;
        }
        SCOPED_TRACE(key.name);
        std::optional<Config> both;
        std::string problems;
        const Folder company;
        // A number that is left to the task.
        const std::string value = key.yaml(settings).empty() ? "0.75" : key.yaml(settings);
        for (const std::string& other : other_values(value)) {
            try {
                Config config = parsed({fmt::format("sweep.{}=[{}, {}]", key.name, value, other)});
                EXPECT_TRUE(train(config, *backend, company));
                both = std::move(config);
                break;
            } catch (const Error& error) {  // not a value of this key
                problems += other + ": " + error.what() + "\n";
            }
        }
        if (!both) {
            // A key with one good value here: the only one of its kind, or bound to another one.
            EXPECT_TRUE(key.name == "network.units" || key.name == "training.loss" ||
                        key.name == "task.source")
                << problems;
            continue;
        }
        for (int i = 0; i < 2; ++i) {
            Config alone = *both;
            keep_shard(alone, i, 2);
            const Folder single;
            ASSERT_TRUE(train(alone, *backend, single));
            expect_same_records(alone, company, single);

            // Both of these runs may have taken the task from one cache: it is the network's own.
            const NetworkSpec& spec = alone.networks.front();
            Trial shared;
            Trial own;
            shared_task(spec)->training_trial(spec.key(), 0, 0, shared);
            task_of(spec)->training_trial(spec.key(), 0, 0, own);
            EXPECT_EQ(shared.inputs, own.inputs);
            EXPECT_EQ(shared.targets, own.targets);
            EXPECT_EQ(shared.mask, own.mask);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Train, EveryKey, testing::ValuesIn(companies()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace shoal::test
