// SPDX-License-Identifier: MIT
// A weights file of any bytes, as `simulate`, `analyze` and `init: file` read it: a file without a
// seal is read in a child process first, because the HDF5 library crashes on some.
#include "hdf5_target.hpp"

using namespace shoal;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto path = fuzz::written("weights.h5", fuzz::text_of(data, size));
    fuzz::use_weights(path);
    return 0;
}
