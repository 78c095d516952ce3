// SPDX-License-Identifier: MIT
// The records of an active generation, behind a checksum that fits. Whether they fit their networks
// is for training to find out.
#include "train/checkpoint.hpp"

#include "sealed_target.hpp"

using namespace shoal;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::write_sealed_around("active-000000000000.bin", fuzz::text_of(data, size));
    const CheckpointFiles files(fuzz::scratch().path(), Precision::fp32);
    fuzz::answers([&] { files.read([](ActiveNetwork&&) {}); });
    return 0;
}
