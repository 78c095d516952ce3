// SPDX-License-Identifier: MIT
// Makers of keys, from the member of the settings that a key sets.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/keys.hpp"

namespace shoal {

constexpr double large = 1e6;  // keeps every product of settings inside single precision

inline bool by_force(const NetworkSpec& s) {
    return s.training.method == TrainingMethod::force;
}
inline bool by_gradients(const NetworkSpec& s) {
    return s.training.method == TrainingMethod::bptt;
}

/// "a, b or c".
std::string alternatives(const std::vector<std::string>& words);

/// Where a section stands in the settings.
inline NetworkSpec& section(Settings& s, NetworkSpec*) {
    return s.spec;
}
inline NetworkConfig& section(Settings& s, NetworkConfig*) {
    return s.spec.network;
}
inline TaskConfig& section(Settings& s, TaskConfig*) {
    return s.spec.task;
}
inline SequentialSumDurations& section(Settings& s, SequentialSumDurations*) {
    return s.spec.task.durations;
}
inline GaussianSource& section(Settings& s, GaussianSource*) {
    return s.spec.task.gaussians;
}
inline TrainingConfig& section(Settings& s, TrainingConfig*) {
    return s.spec.training;
}
inline AcceptConfig& section(Settings& s, AcceptConfig*) {
    return s.spec.training.accept;
}
inline AnalysisConfig& section(Settings& s, AnalysisConfig*) {
    return s.analysis;
}

/// One value of the settings.
template <class T>
using MemberOf = std::function<T&(Settings&)>;

template <class Section, class T>
MemberOf<T> field(T Section::*member) {
    return
        [member](Settings& s) -> T& { return section(s, static_cast<Section*>(nullptr)).*member; };
}
template <class T>
const T& value_of(const MemberOf<T>& field, const Settings& s) {
    return field(const_cast<Settings&>(s));  // a field only says where to look
}

Key number_key(const char* name, MemberOf<double> at, Range range);
Key integer_key(const char* name, MemberOf<int> at, std::int64_t low, std::int64_t high);
Key integer_key(const char* name, MemberOf<std::uint32_t> at, std::int64_t low, std::int64_t high);
/// `content` receives the hash of the file, which stands for it in the canonical spec.
Key path_key(const char* name, MemberOf<std::string> path, MemberOf<std::string> content);
/// A choice by its place in a list of names.
Key choice_key(const char* name, std::vector<std::string> names,
               std::function<void(Settings&, std::size_t)> set,
               std::function<std::string(const Settings&)> get);

template <class Section>
Key number_key(const char* name, double Section::*member, Range range) {
    return number_key(name, field(member), range);
}
template <class Section, class T>
Key integer_key(const char* name, T Section::*member, std::int64_t low, std::int64_t high) {
    return integer_key(name, field(member), low, high);
}
template <class Section>
Key path_key(const char* name, std::string Section::*path, std::string Section::*content) {
    return path_key(name, field(path), field(content));
}
/// A choice among all values of an enumeration.
template <class Section, HasNames Enum>
Key choice_key(const char* name, Enum Section::*member) {
    std::vector<std::string> names;
    for (const auto& row : rows_of<Enum>) {
        names.emplace_back(row.name);
    }
    const MemberOf<Enum> at = field(member);
    return choice_key(
        name, std::move(names),
        [at](Settings& s, std::size_t i) { at(s) = rows_of<Enum>[i].value; },
        [at](const Settings& s) -> std::string { return name_of(value_of(at, s)); });
}

/// Whether a row of choices lists a key.
template <class Row>
bool lists(const Row& row, std::string_view key) {
    return std::any_of(row.keys.begin(), row.keys.end(),
                       [&](const char* one) { return one != nullptr && key == one; });
}

/// A key that some values of a choice have: used where the row of the chosen one lists it.
template <HasNames Enum>
Key listed(Key key, Enum (*chosen)(const NetworkSpec&), const std::string& choice) {
    std::vector<bool> by_value;
    std::vector<std::string> names;
    for (const auto& row : rows_of<Enum>) {
        by_value.resize(std::max(by_value.size(), static_cast<std::size_t>(row.value) + 1));
        if (lists(row, key.name)) {
            by_value[static_cast<std::size_t>(row.value)] = true;
            names.emplace_back(row.name);
        }
    }
    return std::move(key).when(
        [by_value, chosen](const NetworkSpec& s) {
            return by_value.at(static_cast<std::size_t>(chosen(s)));
        },
        choice + " is " + alternatives(names));
}

}  // namespace shoal
