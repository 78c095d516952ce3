// SPDX-License-Identifier: MIT
// What records say of themselves.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "any_record.hpp"
#include "records/free_records.hpp"
#include "records/full_records.hpp"
#include "records/head_direction_records.hpp"
#include "records/signal_records.hpp"

namespace shoal::test {
namespace {

/// Every record that is kept; those inside of them are looked at, too.
template <class Record>
class KeptRecord : public testing::Test {};
using Kinds = testing::Types<TrainedNetwork, BegunAnalysis, KeptSignal, DynamicsAnalysis,
                             HeadDirectionResult>;
TYPED_TEST_SUITE(KeptRecord, Kinds);

void expect_described(const RecordType& type) {
    std::set<std::string> names;
    for (const Field& field : type.fields) {
        SCOPED_TRACE(field.name);
        EXPECT_TRUE(names.insert(field.name).second) << "stands there twice";
        if (field.type == FieldType::records) {
            EXPECT_EQ(field.meaning.axes.size(), 1u) << "an axis of its own";
        }
        EXPECT_EQ(field.type == FieldType::wholes || field.type == FieldType::numbers ||
                      field.type == FieldType::floats || field.type == FieldType::records,
                  !field.meaning.axes.empty());
        if (field.inner != nullptr) {
            expect_described(*field.inner);
        }
    }
}

// record_type() itself refuses a record with a member that is not described.
TYPED_TEST(KeptRecord, DescribesEveryMemberOnce) {
    expect_described(record_type<TypeParam>());
}

struct Forgetful {
    int kept = 0;
    std::vector<double> forgotten;
};
template <class Record, class Visit>
requires std::same_as<std::remove_const_t<Record>, Forgetful>
void describe(Record& record, Visit&& visit) {
    visit("kept", record.kept, Meaning{"the only one that is named"});
}

TEST(RecordType, AMemberThatIsNotDescribedIsSeen) {
    EXPECT_THROW(record_type<Forgetful>(), std::logic_error);
}

TEST(RecordType, ComparedRecordsNameWhatDiffers) {
    NetworkAnalysis a;
    Fill(3, 2).fill(a);
    NetworkAnalysis b = a;
    EXPECT_TRUE(same_record(a, b));
    b.period += 1.0;
    b.points[1].unstable += 1;
    const auto difference = same_record(a, b);
    EXPECT_FALSE(difference);
    EXPECT_EQ(std::string(difference.message()), "these differ: period fixed_points");
}

}  // namespace
}  // namespace shoal::test
