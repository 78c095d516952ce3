// SPDX-License-Identifier: MIT
// Small files that say they are large: refused before anything is allocated.
#include <hdf5.h>

#include <functional>

#include "store/exchange_files.hpp"
#include "store/hdf5.hpp"
#include "store/seal.hpp"
#include "test_store_support.hpp"

namespace shoal::test {
namespace {

using hdf5::Id;

/// A dataset of doubles that no value is written to, as its creation properties say.
struct Unwritten {
    const char* name;
    std::vector<hsize_t> extents;
    std::vector<hsize_t> chunk = {};  ///< empty: one piece
    bool compressed = false;
};

/// A file of such datasets. It is sealed: it is read in this process at once.
void write_file(const std::filesystem::path& path, const std::vector<Unwritten>& datasets,
                hid_t type = H5T_IEEE_F64LE) {
    hdf5::prepare_library();
    {
        const Id file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose);
        for (const Unwritten& one : datasets) {
            const int rank = static_cast<int>(one.extents.size());
            const std::vector<hsize_t> growing(one.extents.size(), H5S_UNLIMITED);
            const Id space(H5Screate_simple(rank, one.extents.data(),
                                            one.chunk.empty() ? nullptr : growing.data()),
                           H5Sclose);
            const Id creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
            if (!one.chunk.empty()) {
                H5Pset_chunk(creation.get(), rank, one.chunk.data());
            }
            if (one.compressed) {
                H5Pset_deflate(creation.get(), 9);
            }
            const Id dataset(H5Dcreate2(file.get(), one.name, type, space.get(), H5P_DEFAULT,
                                        creation.get(), H5P_DEFAULT),
                             H5Dclose);
            ASSERT_TRUE(static_cast<bool>(dataset)) << one.name;
        }
    }
    seal_file(path);
}

void expect_refused(const std::vector<Unwritten>& datasets, const std::string& why,
                    hid_t type = H5T_IEEE_F64LE) {
    const Folder folder;
    write_file(folder / "f.h5", datasets, type);
    for (const std::function<void()>& read :
         {std::function<void()>([&] { read_weights(folder / "f.h5"); }),
          std::function<void()>([&] { read_trials(folder / "f.h5"); }),
          std::function<void()>([&] { read_inputs(folder / "f.h5"); })}) {
        const std::string message = file_error_of(read);
        const bool absent = message.find("missing") != std::string::npos;
        EXPECT_TRUE(absent || message.find(why) != std::string::npos) << message;
    }
}

TEST(HostileFile, ExtentsThatTheFileCannotHold) {
    for (const hsize_t large : {hsize_t{1} << 20, hsize_t{1} << 31, hsize_t{1} << 40}) {
        SCOPED_TRACE(large);
        expect_refused({{"recurrent", {large, 2}}, {"inputs", {large, 1, 1}}},
                       "more than the file of");
    }
}

TEST(HostileFile, ExtentsWhoseProductOverflows) {
    // 2^62 x 4 elements of 8 bytes are 0 bytes in 64 bits.
    expect_refused({{"recurrent", {hsize_t{1} << 62, 4, 4}, {1, 1, 1}},
                    {"inputs", {hsize_t{1} << 62, 4, 1}, {1, 1, 1}}},
                   "more than the file of");
}

TEST(HostileFile, CompressedExtents) {
    expect_refused({{"recurrent", {hsize_t{1} << 20, hsize_t{1} << 20}, {64, 64}, true},
                    {"inputs", {hsize_t{1} << 40, 1, 1}, {64, 1, 1}, true}},
                   "more than the file of");
}

TEST(HostileFile, ChunksComeIntoMemoryWhole) {
    expect_refused({{"recurrent", {2, 2}, {1 << 14, 1 << 14}, true},
                    {"inputs", {1, 1, 1}, {1 << 28, 1, 1}, true}},
                   "has chunks");
}

TEST(HostileFile, ValuesThatDoNotFitIntoMemory) {
    const Folder folder;
    const auto path = folder / "f.h5";
    write_file(path, {{"inputs", {1 << 18, 1 << 19, 1}, {1024, 1, 1}, true}}, H5T_STD_I8LE);
    // 1 TiB of numbers. Nothing more is stored, but a file of this size could hold them.
    std::filesystem::resize_file(path, 140'000'000);
    seal_file(path);

    const std::string message = file_error_of([&] { read_inputs(path); });

    EXPECT_NE(message.find("more than fit into the free memory"), std::string::npos) << message;
}

TEST(HostileFile, MemoryThatTheReaderTakesIsAnErrorOfTheFile) {
    const Folder folder;
    replace_file(folder / "any.h5", "content");
    const std::string message =
        file_error_of([&] { rehearse(folder / "any.h5", [] { throw std::bad_alloc(); }); });
    EXPECT_NE(message.find("more memory than is free"), std::string::npos) << message;
}

TEST(HostileFile, WhatTheChildFindsIsWhatIsSaid) {
    const Folder folder;
    replace_file(folder / "any.h5", "content");
    EXPECT_EQ(
        file_error_of([&] { rehearse(folder / "any.h5", [] { throw file_error("cause"); }); }),
        "cause");
    rehearse(folder / "any.h5", [] {});
}

}  // namespace
}  // namespace shoal::test
