// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "store/manifest.hpp"
#include "temporary_folder.hpp"

namespace shoal {
namespace {

TEST(Manifest, KeepsEveryPrecision) {
    const TemporaryFolder folder;
    const auto path = folder / "manifest.json";
    for (const Precision precision :
         {Precision::fp32, Precision::fp64, Precision::tf32, Precision::bf16}) {
        Manifest manifest;
        manifest.backend = "cuda";
        manifest.precision = precision;
        write_manifest(path, manifest);
        EXPECT_EQ(read_manifest(path).precision, precision);
    }
}

TEST(Manifest, UnknownPrecisionIsAnError) {
    const TemporaryFolder folder;
    const auto path = folder / "manifest.json";
    write_manifest(path, Manifest{});
    std::string text = read_text_file(path);
    text.replace(text.find("fp32"), 4, "fp12");
    replace_file(path, std::string_view(text));
    EXPECT_THROW(read_manifest(path), Error);
}

}  // namespace
}  // namespace shoal
