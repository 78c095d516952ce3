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

/// A manifest of these shard and thread counts, as text.
std::string manifest_with(const std::string& threads, const std::string& index,
                          const std::string& count) {
    return R"({"backend": "cpu", "instruction_set": "AVX2", "precision": "fp32",
               "mixed_bits": false, "started": "", "finished": "", "stage_seconds": {},
               "threads": )" +
           threads + R"(, "shard": {"index": )" + index + R"(, "count": )" + count + "}}";
}

TEST(Manifest, CountsAreNeverTrusted) {
    const TemporaryFolder folder;
    const auto path = folder / "manifest.json";
    replace_file(path, manifest_with("2", "1", "3"));
    EXPECT_EQ(read_manifest(path).shard_index, 1);
    for (const char* bad : {"-1", "1.5", "1e300", "4294967297", "18446744073709551615", "null",
                            "\"1\"", "[1]", "true"}) {
        for (const std::string& text : {manifest_with(bad, "0", "1"), manifest_with("1", bad, "2"),
                                        manifest_with("1", "0", bad)}) {
            replace_file(path, text);
            EXPECT_THROW(read_manifest(path), Error) << text;
        }
    }
}

TEST(Manifest, NestingAndSizeAreBounded) {
    const TemporaryFolder folder;
    const auto path = folder / "manifest.json";
    replace_file(path,
                 manifest_with(std::string(500'000, '[') + std::string(500'000, ']'), "0", "1"));
    EXPECT_THROW(read_manifest(path), Error);
    std::filesystem::resize_file(path, std::uintmax_t{1} << 40);  // nothing is stored
    EXPECT_THROW(read_manifest(path), Error);
}

}  // namespace
}  // namespace shoal
