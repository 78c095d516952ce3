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
        case Init::quasi_periodic:
            return "quasi-periodic";
        case Init::quasi_periodic_flow:
            return "quasi-periodic-flow";
        case Init::orthogonal:
            return "orthogonal";
        case Init::identity:
            return "identity";
        case Init::glorot:
            return "glorot";
        case Init::low_rank:
            return "low-rank";
        case Init::file:
            return "file";
    }
    no_name();
}

const char* name_of(TaskKind value) {
    switch (value) {
        case TaskKind::sequential_sum:
            return "sequential-sum";
        case TaskKind::copy:
            return "copy";
        case TaskKind::interval:
            return "interval";
        case TaskKind::angular_integration:
            return "angular-integration";
        case TaskKind::flip_flop:
            return "flip-flop";
        case TaskKind::adding:
            return "adding";
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
        case TrainingMethod::bptt:
            return "bptt";
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

const char* name_of(Optimizer value) {
    switch (value) {
        case Optimizer::adam:
            return "adam";
        case Optimizer::sgd:
            return "sgd";
    }
    no_name();
}

const char* name_of(Loss value) {
    switch (value) {
        case Loss::mse:
            return "mse";
        case Loss::cross_entropy:
            return "cross-entropy";
    }
    no_name();
}

const char* name_of(RateSchedule value) {
    switch (value) {
        case RateSchedule::constant:
            return "constant";
        case RateSchedule::linear:
            return "linear";
        case RateSchedule::cosine:
            return "cosine";
    }
    no_name();
}

const char* name_of(AnalysisLevel value) {
    switch (value) {
        case AnalysisLevel::first:
            return "first";
        case AnalysisLevel::full:
            return "full";
    }
    no_name();
}

const char* name_of(Precision value) {
    switch (value) {
        case Precision::fp32:
            return "fp32";
        case Precision::fp64:
            return "fp64";
        case Precision::tf32:
            return "tf32";
        case Precision::bf16:
            return "bf16";
    }
    no_name();
}

}  // namespace shoal
