// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/text.hpp"
#include "temporary_folder.hpp"

namespace shoal {
namespace {

TEST(ReplaceFile, WritesAndReplaces) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "a.txt";

    replace_file(path, std::string_view("one"));
    replace_file(path, std::string_view("two"));

    EXPECT_EQ(read_text_file(path), "two");
}

TEST(ReplaceFile, LeavesTheOldFileWhenWritingFails) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "a.txt";
    replace_file(path, std::string_view("old"));

    EXPECT_THROW(replace_file(path,
                              [](const std::filesystem::path& temporary) {
                                  std::ofstream(temporary) << "half";
                                  throw file_error("disk full");
                              }),
                 Error);

    EXPECT_EQ(read_text_file(path), "old");
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path())) {
        ++files;
    }
    EXPECT_EQ(files, 1u) << "the temporary file must be gone";
}

TEST(ReplaceFile, NamesThePathWhereTheFolderIsMissing) {
    try {
        replace_file("/nonexistent-folder/a.txt", std::string_view("x"));
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::file);
        EXPECT_NE(std::string(error.what()).find("/nonexistent-folder/a.txt"), std::string::npos);
    }
}

TEST(NewFile, HoldsWhatWasPutInPiecesSmallAndLarge) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "a.txt";
    std::string all;
    NewFile file(path, "a.txt");
    for (const std::size_t size : {std::size_t{1}, std::size_t{70000}, std::size_t{0},
                                   std::size_t{40000}, std::size_t{40000}, std::size_t{65536}}) {
        const std::string piece(size, static_cast<char>('a' + size % 7));
        file.put(std::as_bytes(std::span(piece.data(), piece.size())));
        all += piece;
    }
    file.close();

    EXPECT_EQ(read_text_file(path), all);
}

TEST(CreateFolders, MakesWhatIsMissingAndNothingElse) {
    const TemporaryFolder folder;

    create_folders(folder.path() / "a" / "b" / "");
    create_folders(folder.path() / "a");

    EXPECT_TRUE(std::filesystem::is_directory(folder.path() / "a" / "b"));
    replace_file(folder.path() / "file", std::string_view("x"));
    try {
        create_folders(folder.path() / "file" / "c");
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::file);
        EXPECT_NE(std::string(error.what()).find("file"), std::string::npos);
    }
}

TEST(ReadFile, MissingAndSpecialFilesAreFileErrors) {
    for (const char* path : {"/nonexistent", "/dev/zero", "/tmp"}) {
        try {
            read_file(path);
            FAIL() << path;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ExitCode::file);
        }
    }
}

TEST(RequireDiskSpace, ThrowsOnlyWhenThereIsTooLittle) {
    const TemporaryFolder folder;
    EXPECT_NO_THROW(require_disk_space(folder.path(), 1, "a test"));
    EXPECT_THROW(require_disk_space(folder.path(), std::uint64_t{1} << 62, "a test"), Error);
}

TEST(Hash, Xxh3KnownValues) {
    EXPECT_EQ(hex16(hash64(std::string_view(""))), "2d06800538d394c2");
    EXPECT_NE(hash64(std::string_view("a")), hash64(std::string_view("b")));
}

TEST(File, HashOfAFileIsThatOfItsContent) {
    const TemporaryFolder folder;
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1000}, std::size_t{1} << 20, (std::size_t{1} << 21) + 7}) {
        replace_file(folder / "f", std::string(size, 'x'));
        EXPECT_EQ(hash64_of_file(folder / "f"), hash64(read_file(folder / "f"))) << size;
    }
    EXPECT_THROW(hash64_of_file(folder / "absent"), Error);
    EXPECT_THROW(hash64_of_file(folder.path()), Error);
}

TEST(File, OnlyAnEmptyFolderIsRemovedAndAFailureIsAnError) {
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder / "empty");
    remove_if_empty(folder / "empty");
    EXPECT_FALSE(std::filesystem::exists(folder / "empty"));
    remove_if_empty(folder / "empty");  // absent by now

    create_folders(folder / "full");
    replace_file(folder / "full/f", "kept");
    remove_if_empty(folder / "full");
    EXPECT_TRUE(std::filesystem::exists(folder / "full/f"));

    EXPECT_THROW(remove_if_empty(folder / "full/f/below"), std::filesystem::filesystem_error);
}

TEST(File, LongerThanMemoryIsAnError) {
    const TemporaryFolder folder;
    replace_file(folder / "f", "content");
    std::filesystem::resize_file(folder / "f", std::uintmax_t{1} << 42);
    EXPECT_THROW(read_file(folder / "f"), Error);
}

TEST(Text, ControlCharactersAndWhatIsNoUtf8AreNotPrinted) {
    EXPECT_EQ(printable("plain, caf\u00e9, \U0001f41f\n\tnext"),
              "plain, caf\u00e9, \U0001f41f\n\tnext");
    EXPECT_EQ(printable("\x1b[31mred\x07\r\x7f"), "?[31mred???");
    EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a?b");
    EXPECT_EQ(printable("\u009b31m"), "??31m") << "a control character of two bytes";
    EXPECT_EQ(printable("\x9b\xff\xc3"), "???");
    EXPECT_EQ(printable(""), "");
}

}  // namespace
}  // namespace shoal
