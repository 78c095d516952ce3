// SPDX-License-Identifier: MIT
// Sealed files, segments, and the bytes of records.
#include <fstream>
#include <limits>

#include "any_record.hpp"
#include "core/file.hpp"
#include "core/numbers.hpp"
#include "records/full_records.hpp"
#include "store/segments.hpp"
#include "test_store_support.hpp"

namespace shoal::test {
namespace {

std::vector<std::byte> record_of_size(std::size_t size) {
    std::vector<std::byte> record(size);
    for (std::size_t i = 0; i < size; ++i) {
        record[i] = static_cast<std::byte>(i * 7);
    }
    return record;
}

void write_records(const std::filesystem::path& path, const std::vector<std::size_t>& sizes) {
    write_sealed(path, [&](const PutRecord& put) {
        for (const std::size_t size : sizes) {
            put(record_of_size(size));
        }
    });
}

int records_in(const std::filesystem::path& path) {
    int count = 0;
    read_sealed(path, [&](std::span<const std::byte>, std::uint64_t) { ++count; });
    return count;
}

TEST(SealedFile, GivesBackItsRecords) {
    const Folder folder;
    const std::vector<std::size_t> sizes = {0, 1, 1000, 3};
    write_records(folder / "f.bin", sizes);
    const auto content = read_file(folder / "f.bin");

    std::size_t next = 0;
    read_sealed(folder / "f.bin", [&](std::span<const std::byte> bytes, std::uint64_t offset) {
        const auto expected = record_of_size(sizes.at(next++));
        EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), expected.begin(), expected.end()));
        EXPECT_TRUE(std::equal(expected.begin(), expected.end(),
                               content.begin() + static_cast<std::ptrdiff_t>(offset)));
    });
    EXPECT_EQ(next, 4u);
    write_records(folder / "empty.bin", {});
    EXPECT_EQ(records_in(folder / "empty.bin"), 0);
}

TEST(SealedFile, EveryCutAndEveryFlippedBitIsSeen) {
    const Folder folder;
    const auto path = folder / "f.bin";
    write_records(path, {5, 9});
    const std::string good = read_text_file(path);
    for (std::size_t cut = 0; cut < good.size(); ++cut) {
        replace_file(path, std::string_view(good).substr(0, cut));
        const std::string message = file_error_of([&] { records_in(path); });
        EXPECT_NE(message.find("f.bin"), std::string::npos) << message;
    }
    for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
        std::string bad = good;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
        replace_file(path, bad);
        file_error_of([&] { records_in(path); });
    }
    replace_file(path, good + "x");
    file_error_of([&] { records_in(path); });
    replace_file(path, good);
    EXPECT_EQ(records_in(path), 2);
}

TEST(SealedFile, AbsentFileAndFolder) {
    const Folder folder;
    file_error_of([&] { records_in(folder / "absent.bin"); });
    file_error_of([&] { write_records(folder / "absent/f.bin", {1}); });
    file_error_of([&] { records_in(folder / ""); });
}

TEST(SealedFile, AnErrorInTheMiddleLeavesTheOldFile) {
    const Folder folder;
    write_records(folder / "f.bin", {4});
    EXPECT_THROW(write_sealed(folder / "f.bin",
                              [](const PutRecord& put) {
                                  put(record_of_size(10));
                                  throw std::runtime_error("no more");
                              }),
                 std::runtime_error);
    EXPECT_EQ(records_in(folder / "f.bin"), 1);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder / ""),
                            std::filesystem::directory_iterator()),
              1);
}

TEST(Bytes, RoundTrip) {
    ByteWriter out;
    out.put(true);
    out.put(std::int64_t{-5});
    out.put(-0.0);
    out.put(nan);
    out.put(std::string("text\0with zero", 14));
    out.put(std::vector<float>{});
    out.put(std::vector<double>{1.5, -2.5});

    ByteReader in(out.bytes());
    EXPECT_EQ(in.get<bool>(), true);
    EXPECT_EQ(in.get<std::int64_t>(), -5);
    EXPECT_TRUE(std::signbit(in.get<double>()));
    EXPECT_TRUE(std::isnan(in.get<double>()));
    EXPECT_EQ(in.get_text(), std::string("text\0with zero", 14));
    EXPECT_TRUE(in.get_vector<float>().empty());
    EXPECT_EQ(in.get_vector<double>(), (std::vector<double>{1.5, -2.5}));
    EXPECT_TRUE(in.empty());
    file_error_of([&] { in.get<char>(); });
}

TEST(Bytes, LengthsAreNeverTrusted) {
    for (const std::uint64_t length :
         {std::uint64_t{1}, std::uint64_t{1} << 61, std::numeric_limits<std::uint64_t>::max()}) {
        ByteWriter out;
        out.put(length);
        ByteReader text(out.bytes());
        file_error_of([&] { text.get_text(); });
        ByteReader vector(out.bytes());
        file_error_of([&] { vector.get_vector<double>(); });
    }
}

TEST(Bytes, ValuesAreNeverTrusted) {
    ByteWriter out;
    out.put(std::uint8_t{2});
    ByteReader truth(out.bytes());
    file_error_of([&] { truth.get<bool>(); });
    for (const std::int32_t value : {-1, 3, std::numeric_limits<std::int32_t>::max()}) {
        ByteWriter number;
        number.put(value);
        ByteReader status(number.bytes());
        file_error_of([&] { status.get_among(enumerators(Status{})); });
    }
}

/// Fewer bytes than a length has before the checksum, which fits.
TEST(SealedFile, LengthThatReachesIntoTheChecksum) {
    const Folder folder;
    write_records(folder / "f.bin", {});
    std::string content = read_text_file(folder / "f.bin");
    content.replace(content.size() - 8, 8, "\x01");
    const std::uint64_t sum = hash64(content);
    content.append(reinterpret_cast<const char*>(&sum), sizeof sum);
    replace_file(folder / "f.bin", content);

    const std::string message = file_error_of([&] { records_in(folder / "f.bin"); });

    EXPECT_NE(message.find("record too long"), std::string::npos) << message;
}

template <class Record>
class AnyRecord : public testing::Test {};
using KeptRecords = testing::Types<TrainedNetwork, NetworkAnalysis, BegunAnalysis, KeptSignal>;
TYPED_TEST_SUITE(AnyRecord, KeptRecords);

TYPED_TEST(AnyRecord, ComesBackFromBytes) {
    for (const int rows : {0, 2}) {
        TypeParam record;
        Fill(3, rows).fill(record);
        const auto bytes = bytes_of(record);
        TypeParam back;
        ByteReader in(bytes);
        get_record(in, back);
        EXPECT_TRUE(in.empty());
        EXPECT_TRUE(same_record(back, record));
    }
}

/// Written whole, with a checksum that fits, but not by shoal.
TEST(Segments, RecordsThatCannotBeNameTheirFile) {
    const Folder folder;
    NetworkAnalysis unknown;
    unknown.mechanism = static_cast<Mechanism>(99);
    NetworkAnalysis from_nowhere;
    Fill(2, 2).fill(from_nowhere);
    from_nowhere.points[0].reached_from = {0, 2'000'000'000};
    for (const NetworkAnalysis& analysis : {unknown, from_nowhere}) {
        write_sealed(folder / "analysed-00000000.bin",
                     [&](const PutRecord& put) { put(bytes_of(analysis)); });

        const std::string message =
            file_error_of([&] { SegmentStore<NetworkAnalysis>(folder / "", "analysed"); });

        EXPECT_NE(message.find("analysed-00000000.bin: is damaged"), std::string::npos) << message;
    }
}

TEST(Records, CutShortIsAnError) {
    NetworkAnalysis analysis;
    Fill(2, 1).fill(analysis);
    const auto bytes = bytes_of(analysis);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
        NetworkAnalysis a;
        ByteReader in(std::span<const std::byte>(bytes).first(cut));
        EXPECT_EQ(file_error_of([&] { get_record(in, a); }), "record is cut short");
    }
}

TEST(Segments, AppendReadAndOpenAgain) {
    const Folder folder;
    const Config config = small_population();
    const auto record = [&](std::size_t i) { return *record_of(config, config.networks[i]); };
    std::filesystem::create_directory(folder / "c");
    {
        SegmentStore<TrainedNetwork> store(folder / "c", "trained");
        EXPECT_EQ(store.size(), 0u);
        store.append({record(0), record(1)});
        store.append({record(3)});
        EXPECT_TRUE(store.contains(config.networks[3].uid));
    }
    SegmentStore<TrainedNetwork> store(folder / "c", "trained");
    EXPECT_EQ(store.size(), 3u);
    for (const std::size_t i : {0u, 1u, 3u}) {
        EXPECT_TRUE(same_record(store.read(config.networks[i].uid).value(), record(i)));
    }
    EXPECT_FALSE(store.contains(config.networks[2].uid));
    EXPECT_FALSE(store.read(config.networks[2].uid).has_value());
    // Another kind in the same folder is not mixed up with it.
    EXPECT_EQ(SegmentStore<NetworkAnalysis>(folder / "c", "analysed").size(), 0u);
    store.append({record(4)});
    EXPECT_TRUE(std::filesystem::exists(folder / "c/trained-00000002.bin"));
}

TEST(Segments, DamageNamesTheFileAndTheWayOut) {
    const Folder folder;
    const Config config = small_population();
    std::filesystem::create_directory(folder / "c");
    SegmentStore<TrainedNetwork> store(folder / "c", "trained");
    store.append({*record_of(config, config.networks[1])});
    const auto path = folder / "c/trained-00000000.bin";
    std::string content = read_text_file(path);
    content[content.size() / 2] ^= 1;
    std::ofstream(path, std::ios::binary) << content;

    const std::string message =
        file_error_of([&] { SegmentStore<TrainedNetwork>(folder / "c", "trained"); });

    EXPECT_NE(message.find("trained-00000000.bin: is damaged"), std::string::npos) << message;
    EXPECT_NE(message.find("remove that file"), std::string::npos) << message;
}

}  // namespace
}  // namespace shoal::test
