// SPDX-License-Identifier: MIT
// Sealed files, segments, and the bytes of records.
#include <fstream>
#include <limits>

#include "core/file.hpp"
#include "core/numbers.hpp"
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

NetworkAnalysis full_analysis() {
    NetworkAnalysis a;
    a.uid = "0123456789abcdef";
    a.mechanism = Mechanism::torus;
    a.rule_a = RuleLabel::mixed;
    a.rule_b = RuleLabel::far;
    a.distinct_outputs_a = 1;
    a.distinct_outputs_b = 2;
    a.attractors = 3;
    a.saturated_delay = 0.25;
    a.saturated_response = 0.5;
    a.exponents = {0.1, -0.2};
    a.exponent_errors = {0.01, 0.02};
    a.period = 6.5;
    a.runs = {{{1.0, 2.0}, 0.5, 1e-7, true, 0, 3.5}, {{}, -1.0, 2.0, false, -1, -1.0}};
    a.points = {{{1.0, 2.0}, 1e-9, PointLabel::proved, {-1.0, 0.5, -1.0, -0.5}, 1, {0, 1}}};
    a.evidence = "because";
    a.limits = "searches cut";
    return a;
}

template <typename Record>
std::vector<std::byte> bytes_of(const Record& record) {
    ByteWriter out;
    serialize(out, record);
    return out.take();
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

TEST(Records, EveryFieldComesBack) {
    const NetworkAnalysis analysis = full_analysis();
    const auto bytes = bytes_of(analysis);
    NetworkAnalysis a;
    ByteReader in(bytes);
    deserialize(in, a);
    EXPECT_TRUE(in.empty());
    EXPECT_TRUE(bytes_of(a) == bytes);
    EXPECT_EQ(a.mechanism, Mechanism::torus);
    EXPECT_EQ(a.rule_a, RuleLabel::mixed);
    EXPECT_EQ(a.rule_b, RuleLabel::far);
    EXPECT_EQ(a.period, 6.5);
    ASSERT_EQ(a.runs.size(), 2u);
    EXPECT_EQ(a.runs[0].settling_time, 3.5);
    EXPECT_FALSE(a.runs[1].settled);
    ASSERT_EQ(a.points.size(), 1u);
    EXPECT_EQ(a.points[0].label, PointLabel::proved);
    EXPECT_EQ(a.points[0].reached_from, (std::vector<int>{0, 1}));
    EXPECT_EQ(a.limits, "searches cut");

    const Config config = small_population();
    const TrainedNetwork network = *record_of(config, config.networks[3]);
    TrainedNetwork n;
    const auto stored = bytes_of(network);
    ByteReader again(stored);
    deserialize(again, n);
    EXPECT_TRUE(again.empty());
    expect_equal(n, network);
}

/// Written whole, with a checksum that fits, but not by shoal.
TEST(Segments, RecordsThatCannotBeNameTheirFile) {
    const Folder folder;
    NetworkAnalysis unknown = full_analysis();
    unknown.mechanism = static_cast<Mechanism>(99);
    NetworkAnalysis from_nowhere = full_analysis();
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
    const auto bytes = bytes_of(full_analysis());
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
        NetworkAnalysis a;
        ByteReader in(std::span<const std::byte>(bytes).first(cut));
        EXPECT_EQ(file_error_of([&] { deserialize(in, a); }), "record is cut short");
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
        expect_equal(store.read(config.networks[i].uid).value(), record(i));
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
