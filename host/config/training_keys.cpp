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

}  // namespace

void add_training_keys(std::vector<Key>& keys) {
    const Range scale{0.0, large};
    const Range time{1e-6, large};
    const Range positive{0.0, large, Range::Low::excluded};
    const Range below_one{0.0, 0.9999999};
    const char* force_words = "training.method is force";
    const char* gradient_words = "training.method is bptt";
    const char* adam_words = "training.method is bptt and training.optimizer is adam";
    keys.push_back(choice_key("training.method",
                              [](auto& s) -> auto& { return s.spec.training.method; },
                              {TrainingMethod::force, TrainingMethod::bptt}));
    keys.push_back(
        used_when(integer_key(
                      "training.trials", [](auto& s) -> auto& { return s.spec.training.trials; }, 1,
                      10'000'000),
                  by_force, force_words));
    keys.push_back(used_when(
        number_key(
            "training.alpha", [](auto& s) -> auto& { return s.spec.training.alpha; }, time),
        by_force, force_words));
    keys.push_back(used_when(
        choice_key("training.error", [](auto& s) -> auto& { return s.spec.training.error; },
                   {ErrorSchedule::epochs, ErrorSchedule::everywhere}),
        by_force, force_words));
    keys.push_back(
        used_when(integer_key(
                      "training.iterations",
                      [](auto& s) -> auto& { return s.spec.training.iterations; }, 0, 10'000'000),
                  by_gradients, gradient_words));
    keys.push_back(used_when(
        integer_key(
            "training.batch", [](auto& s) -> auto& { return s.spec.training.batch; }, 1, 65536),
        by_gradients, gradient_words));
    keys.push_back(
        used_when(choice_key("training.loss", [](auto& s) -> auto& { return s.spec.training.loss; },
                             {Loss::mse, Loss::cross_entropy}),
                  by_gradients, gradient_words));
    keys.push_back(used_when(
        choice_key("training.optimizer", [](auto& s) -> auto& { return s.spec.training.optimizer; },
                   {Optimizer::adam, Optimizer::sgd}),
        by_gradients, gradient_words));
    keys.push_back(
        used_when(number_key(
                      "training.learning_rate",
                      [](auto& s) -> auto& { return s.spec.training.learning_rate; }, scale),
                  by_gradients, gradient_words));
    keys.push_back(used_when(
        choice_key("training.schedule", [](auto& s) -> auto& { return s.spec.training.schedule; },
                   {RateSchedule::constant, RateSchedule::linear, RateSchedule::cosine}),
        by_gradients, gradient_words));
    keys.push_back(
        used_when(integer_key(
                      "training.warmup", [](auto& s) -> auto& { return s.spec.training.warmup; }, 0,
                      10'000'000),
                  by_gradients, gradient_words));
    keys.push_back(
        used_when(number_key(
                      "training.momentum",
                      [](auto& s) -> auto& { return s.spec.training.momentum; }, below_one),
                  by_sgd, "training.optimizer is sgd"));
    keys.push_back(used_when(
        number_key(
            "training.beta1", [](auto& s) -> auto& { return s.spec.training.beta1; }, below_one),
        by_adam, adam_words));
    keys.push_back(used_when(
        number_key(
            "training.beta2", [](auto& s) -> auto& { return s.spec.training.beta2; }, below_one),
        by_adam, adam_words));
    keys.push_back(used_when(
        number_key(
            "training.epsilon", [](auto& s) -> auto& { return s.spec.training.epsilon; }, positive),
        by_adam, adam_words));
    keys.push_back(
        used_when(number_key(
                      "training.weight_decay",
                      [](auto& s) -> auto& { return s.spec.training.weight_decay; }, scale),
                  by_gradients, gradient_words));
    keys.push_back(used_when(
        number_key(
            "training.clip", [](auto& s) -> auto& { return s.spec.training.clip; }, scale),
        by_gradients, gradient_words));
    keys.push_back(
        used_when(number_key(
                      "training.l2", [](auto& s) -> auto& { return s.spec.training.l2; }, scale),
                  by_gradients, gradient_words));
    keys.push_back(
        used_when(number_key(
                      "training.rate_penalty",
                      [](auto& s) -> auto& { return s.spec.training.rate_penalty; }, scale),
                  by_gradients, gradient_words));
    keys.push_back(used_when(
        number_key(
            "training.noise", [](auto& s) -> auto& { return s.spec.training.noise; }, scale),
        by_gradients, gradient_words));
    keys.push_back(used_when(train_key(), by_gradients, gradient_words));
    keys.push_back(used_when(
        integer_key(
            "training.rank", [](auto& s) -> auto& { return s.spec.training.rank; }, 0, 32768),
        by_gradients, gradient_words));
    keys.push_back(
        used_when(number_key(
                      "training.target_loss",
                      [](auto& s) -> auto& { return s.spec.training.target_loss; }, scale),
                  by_gradients, gradient_words));
    keys.push_back(
        used_when(integer_key(
                      "training.patience",
                      [](auto& s) -> auto& { return s.spec.training.patience; }, 0, 10'000'000),
                  by_gradients, gradient_words));
}

}  // namespace shoal
