// SPDX-License-Identifier: MIT
#include "store/head_direction_records.hpp"

#include "core/error.hpp"

namespace shoal {

const char* name_of(HeadingCode value) {
    switch (value) {
        case HeadingCode::ring:
            return "ring";
        case HeadingCode::oscillators:
            return "oscillators";
    }
    check(false, "known heading code");
    return "";
}

const char* name_of(HeadingPerturbation value) {
    switch (value) {
        case HeadingPerturbation::state_noise:
            return "state_noise";
        case HeadingPerturbation::weights:
            return "weights";
        case HeadingPerturbation::new_weights:
            return "new_weights";
    }
    check(false, "known perturbation");
    return "";
}

std::span<const HeadingCode> enumerators(HeadingCode) {
    static constexpr HeadingCode values[] = {HeadingCode::ring, HeadingCode::oscillators};
    return values;
}

std::span<const HeadingPerturbation> enumerators(HeadingPerturbation) {
    static constexpr HeadingPerturbation values[] = {HeadingPerturbation::state_noise,
                                                     HeadingPerturbation::weights,
                                                     HeadingPerturbation::new_weights};
    return values;
}

}  // namespace shoal
