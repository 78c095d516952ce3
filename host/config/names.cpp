// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "config/spec.hpp"
#include "core/error.hpp"

namespace shoal {
namespace {

[[noreturn]] void no_name() {
    check(false, "value outside its enumeration");
    throw std::logic_error("unreachable");
}

struct ToText {
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
    std::string operator()(double value) const { return fmt::format("{}", value); }
    std::string operator()(const std::string& value) const { return value; }
    std::string operator()(const std::vector<double>& values) const {
        return fmt::format("[{}]", fmt::join(values, " "));
    }
};

}  // namespace

std::string to_string(const SweepValue& value) {
    return std::visit(ToText{}, value);
}

const char* name_of(Cell value) {
    switch (value) {
        case Cell::current:
            return "current";
        case Cell::rate:
            return "rate";
    }
    no_name();
}

const char* name_of(Init value) {
    switch (value) {
        case Init::gauss:
            return "gauss";
        case Init::uniform:
            return "uniform";
        case Init::file:
            return "file";
    }
    no_name();
}

const char* name_of(TaskKind value) {
    switch (value) {
        case TaskKind::sequential_sum:
            return "sequential-sum";
        case TaskKind::file:
            return "file";
    }
    no_name();
}

const char* name_of(StimulusSource value) {
    switch (value) {
        case StimulusSource::digits:
            return "digits";
        case StimulusSource::gaussians:
            return "gaussians";
    }
    no_name();
}

const char* name_of(TrainingMethod value) {
    switch (value) {
        case TrainingMethod::force:
            return "force";
    }
    no_name();
}

const char* name_of(ErrorSchedule value) {
    switch (value) {
        case ErrorSchedule::epochs:
            return "epochs";
        case ErrorSchedule::everywhere:
            return "everywhere";
    }
    no_name();
}

const char* name_of(AnalysisLevel value) {
    switch (value) {
        case AnalysisLevel::first:
            return "first";
    }
    no_name();
}

const char* name_of(Precision value) {
    switch (value) {
        case Precision::fp32:
            return "fp32";
        case Precision::fp64:
            return "fp64";
    }
    no_name();
}

}  // namespace shoal
