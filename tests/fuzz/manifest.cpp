// SPDX-License-Identifier: MIT
// manifest.json. What is read is written and read again.
#include "store/manifest.hpp"

#include "target.hpp"

using namespace shoal;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto path = fuzz::written("manifest.json", fuzz::text_of(data, size));
    Manifest manifest;
    if (fuzz::answers([&] { manifest = read_manifest(path); })) {
        write_manifest(path, manifest);
        const Manifest again = read_manifest(path);
        fuzz::require(again.shard_count == manifest.shard_count &&
                          again.threads == manifest.threads && again.backend == manifest.backend,
                      "a manifest reads back as it was written");
    }
    return 0;
}
