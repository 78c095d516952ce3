// SPDX-License-Identifier: MIT
// A trials file and an inputs file of any bytes, as `task: {kind: file}` and `simulate --inputs`
// read them.
#include "hdf5_target.hpp"

using namespace shoal;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto path = fuzz::written("trials.h5", fuzz::text_of(data, size));
    fuzz::use_trials(path);
    fuzz::use_inputs(path);
    return 0;
}
