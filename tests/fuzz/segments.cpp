// SPDX-License-Identifier: MIT
// The records of a segment, behind a checksum that fits. First byte: even for trained networks, odd
// for analysed ones.
#include "store/segments.hpp"

#include "records/full_records.hpp"
#include "sealed_target.hpp"
#include "store/described_bytes.hpp"

using namespace shoal;

namespace {

void use(const TrainedNetwork& network) {
    fuzz::require(name_of(network.status) != nullptr, "a status has a name");
}

void use(const NetworkAnalysis& analysis) {
    fuzz::require(name_of(analysis.mechanism) != nullptr && name_of(analysis.rule_a) != nullptr &&
                      name_of(analysis.rule_b) != nullptr,
                  "verdicts have names");
    for (const FixedPoint& point : analysis.points) {
        fuzz::require(name_of(point.label) != nullptr, "labels have names");
    }
}

/// What is read is written, and reads back to the same bytes.
template <class Record>
void read_and_write(const char* kind) {
    fuzz::answers([&] {
        const SegmentStore<Record> store(fuzz::scratch().path(), kind);
        for (const std::string& uid : store.uids()) {
            const auto record = store.read(uid);
            use(*record);
            ByteWriter first;
            put_record(first, *record);
            Record again;
            ByteReader reader(first.bytes());
            get_record(reader, again);
            ByteWriter second;
            put_record(second, again);
            fuzz::require(reader.empty() && first.bytes() == second.bytes(),
                          "a record reads back as it was written");
        }
    });
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string_view records = fuzz::text_of(data + 1, size - 1);
    if (data[0] % 2 == 0) {
        fuzz::write_sealed_around("trained-00000000.bin", records);
        read_and_write<TrainedNetwork>("trained");
    } else {
        fuzz::write_sealed_around("analysed-00000000.bin", records);
        read_and_write<NetworkAnalysis>("analysed");
    }
    return 0;
}
