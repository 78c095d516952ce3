// SPDX-License-Identifier: MIT
// Keys of the section training.
#include <fmt/ranges.h>

#include <algorithm>

#include "config/key_makers.hpp"

namespace shoal {
namespace {

bool by_adam(const NetworkSpec& s) {
    return by_gradients(s) && s.training.optimizer == Optimizer::adam;
}
bool within_tolerance(const NetworkSpec& s) {
    return s.training.accept.score == AcceptScore::within;
}
bool by_sgd(const NetworkSpec& s) {
    return by_gradients(s) && s.training.optimizer == Optimizer::sgd;
}

struct Part {
    const char* name;
    bool TrainedParts::*flag;
};
constexpr Part all_parts[] = {{"recurrent", &TrainedParts::recurrent},
                              {"input", &TrainedParts::input},
                              {"readout", &TrainedParts::readout},
                              {"bias", &TrainedParts::bias},
                              {"initial_state", &TrainedParts::initial_state}};

std::vector<std::string> names_of(const TrainedParts& parts) {
    std::vector<std::string> names;
    for (const Part& part : all_parts) {
        if (parts.*part.flag) {
            names.emplace_back(part.name);
        }
    }
    return names;
}

/// train: a list of parts; in a swept row it reads "recurrent+input".
Key train_key() {
    Key key;
    key.name = "training.train";
    key.read = [n = key.name](const YamlNode& node, const Reader& reader,
                              Settings& s) -> std::optional<SweepValue> {
        const char* wanted =
            "a list of recurrent, input, readout, bias, initial_state is wanted, each at most once";
        TrainedParts parts = {false, false, false, false, false};
        bool good = node.kind == YamlNode::Kind::sequence && !node.items.empty();
        for (std::size_t i = 0; good && i < node.items.size(); ++i) {
            const YamlNode& item = node.items[i];
            const auto part = std::find_if(
                std::begin(all_parts), std::end(all_parts),
                [&](const Part& p) { return is_plain(item) && item.scalar == p.name; });
            good = part != std::end(all_parts) && !(parts.*part->flag);
            if (good) {
                parts.*part->flag = true;
            }
        }
        if (!good) {
            if (node.kind != YamlNode::Kind::broken) {
                reader.problems.add(node.place, fmt::format("{} {}", n, described(node)), wanted);
            }
            return std::nullopt;
        }
        s.spec.training.parts = parts;
        return SweepValue(fmt::format("{}", fmt::join(names_of(parts), "+")));
    };
    key.yaml = [](const Settings& s) {
        return fmt::format("[{}]", fmt::join(names_of(s.spec.training.parts), ", "));
    };
    key.json = [](const Settings& s) {
        return in_quotes(fmt::format("{}", fmt::join(names_of(s.spec.training.parts), "+")));
    };
    return key;
}

/// Its default is no part of a network's identity.
Key score_key() {
    Key key = choice_key("training.accept.score", &AcceptConfig::score);
    key.json = [json = key.json](const Settings& s) {
        return s.spec.training.accept.score == AcceptScore::task ? std::string() : json(s);
    };
    return key;
}

Key at_least_key() {
    Key key;
    key.name = "training.accept.at_least";
    key.read = [n = key.name](const YamlNode& node, const Reader& reader,
                              Settings& s) -> std::optional<SweepValue> {
        const auto value = read_number(node, n, {0.0, 1.0}, reader.problems);
        if (!value) {
            return std::nullopt;
        }
        s.spec.training.accept.at_least = *value;
        return *value;
    };
    key.yaml = [](const Settings& s) {
        const auto& at_least = s.spec.training.accept.at_least;
        return at_least ? fmt::format("{}", *at_least) : std::string();
    };
    key.json = key.yaml;
    return key;
}

}  // namespace

void add_training_keys(std::vector<Key>& keys) {
    const Range scale{0.0, large};
    const Range time{1e-6, large};
    const Range positive{0.0, large, Range::Low::excluded};
    const Range below_one{0.0, 0.9999999};
    const auto adder = [&](bool (*used)(const NetworkSpec&), const char* words) {
        return [&keys, used, words](Key key) { keys.push_back(std::move(key).when(used, words)); };
    };
    const auto force = adder(by_force, "training.method is force");
    const auto gradients = adder(by_gradients, "training.method is bptt");
    const auto adam = adder(by_adam, "training.method is bptt and training.optimizer is adam");
    const auto sgd = adder(by_sgd, "training.optimizer is sgd");
    keys.push_back(choice_key("training.method", &TrainingConfig::method));
    force(integer_key("training.trials", &TrainingConfig::trials, 1, 10'000'000));
    force(number_key("training.alpha", &TrainingConfig::alpha, time));
    force(choice_key("training.error", &TrainingConfig::error));
    gradients(integer_key("training.iterations", &TrainingConfig::iterations, 0, 10'000'000));
    gradients(integer_key("training.batch", &TrainingConfig::batch, 1, 65536));
    gradients(choice_key("training.loss", &TrainingConfig::loss));
    gradients(choice_key("training.optimizer", &TrainingConfig::optimizer));
    gradients(number_key("training.learning_rate", &TrainingConfig::learning_rate, scale));
    gradients(choice_key("training.schedule", &TrainingConfig::schedule));
    gradients(integer_key("training.warmup", &TrainingConfig::warmup, 0, 10'000'000));
    sgd(number_key("training.momentum", &TrainingConfig::momentum, below_one));
    adam(number_key("training.beta1", &TrainingConfig::beta1, below_one));
    adam(number_key("training.beta2", &TrainingConfig::beta2, below_one));
    adam(number_key("training.epsilon", &TrainingConfig::epsilon, positive));
    gradients(number_key("training.weight_decay", &TrainingConfig::weight_decay, scale));
    gradients(number_key("training.clip", &TrainingConfig::clip, scale));
    gradients(number_key("training.l2", &TrainingConfig::l2, scale));
    gradients(number_key("training.rate_penalty", &TrainingConfig::rate_penalty, scale));
    gradients(number_key("training.noise", &TrainingConfig::noise, scale));
    gradients(train_key());
    gradients(integer_key("training.rank", &TrainingConfig::rank, 0, 32768));
    gradients(number_key("training.target_loss", &TrainingConfig::target_loss, scale));
    gradients(integer_key("training.patience", &TrainingConfig::patience, 0, 10'000'000));
    keys.push_back(score_key());
    keys.push_back(at_least_key());
    adder(within_tolerance, "training.accept.score is within")(
        number_key("training.accept.tolerance", &AcceptConfig::tolerance, positive));
}

}  // namespace shoal
