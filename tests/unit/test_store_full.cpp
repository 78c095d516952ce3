// SPDX-License-Identifier: MIT
// Level full in checkpoints and in analysis.h5: every field of every part comes back.
#include <gtest/gtest.h>

#include <exception>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "any_record.hpp"
#include "records/full_records.hpp"
#include "records/head_direction_records.hpp"
#include "store/analysis_file.hpp"
#include "test_store_support.hpp"

namespace shoal::test {
namespace {

NetworkAnalysis analysed(const std::string& uid, int units, int rows) {
    NetworkAnalysis analysis;
    Fill(units, rows).fill(analysis);
    analysis.uid = uid;
    return analysis;
}

/// Empty beyond the last value.
template <class Enumeration>
std::string name_of_number(std::size_t value) {
    try {
        return name_of(static_cast<Enumeration>(value));
    } catch (const std::exception&) {
        return "";
    }
}

/// "0 first, 1 second", from the names alone.
template <class Enumeration>
std::string legend() {
    std::string words;
    for (std::size_t value = 0; !name_of_number<Enumeration>(value).empty(); ++value) {
        words += (value == 0 ? "" : ", ") + std::to_string(value) + " " +
                 name_of_number<Enumeration>(value);
    }
    return words;
}

template <class Enumeration>
void expect_all_listed() {
    const auto all = enumerators(Enumeration{});
    for (std::size_t value = 0; value < all.size(); ++value) {
        EXPECT_EQ(static_cast<std::size_t>(all[value]), value) << name_of(all[value]);
    }
    EXPECT_EQ(name_of_number<Enumeration>(all.size()), "") << "is not among the enumerators";
}

TEST(FullRecords, EveryValueOfAnEnumerationIsListed) {
    expect_all_listed<Status>();
    expect_all_listed<Mechanism>();
    expect_all_listed<RuleLabel>();
    expect_all_listed<PointLabel>();
    expect_all_listed<SystemKind>();
    expect_all_listed<StateSpace>();
    expect_all_listed<RunFate>();
    expect_all_listed<VerdictThreshold>();
    expect_all_listed<AttractorKind>();
    expect_all_listed<StartKind>();
    expect_all_listed<HeadingCode>();
    expect_all_listed<HeadingPerturbation>();
}

TEST(FullRecords, LegendsNameEveryValue) {
    std::map<std::string, std::string> texts;
    const auto keep = [&](const char* name, const auto&, const Meaning& meaning) {
        texts[name] = meaning.text;
    };
    const CensusSummary census;
    describe(census, keep);
    const VerdictEvidence evidence;
    describe(evidence, keep);
    EXPECT_EQ(texts["start_kinds"], "of each run: " + legend<StartKind>());
    EXPECT_EQ(texts["end_kinds"], "of each run: " + legend<AttractorKind>());
    EXPECT_EQ(texts["fates"], "of each run: " + legend<RunFate>());
}

/// Names of the groups that parts have in analysis.h5.
void add_groups(const RecordType& type, std::string& names) {
    for (const Field& field : type.fields) {
        const bool table = field.type == FieldType::records && field.meaning.kept == Kept::plainly;
        if (table || field.type == FieldType::record) {
            names += " " + field.name;
            add_groups(*field.inner, names);
        }
    }
}

TEST(FullRecords, ComeBackFromTheAnalysisFile) {
    const Folder folder;
    const Config config = small_population();
    // Networks 1 and 5 are of different sizes; all others were not analysed.
    const std::vector<NetworkAnalysis> networks = {
        analysed(config.networks[1].uid, config.networks[1].network.units, 2),
        analysed(config.networks[5].uid, config.networks[5].network.units, 1)};
    const auto path = folder / "analysis.h5";
    write_analysis(path, config,
                   [&](const NetworkSpec& spec) -> std::optional<NetworkAnalysis> {
                       for (const NetworkAnalysis& network : networks) {
                           if (network.uid == spec.uid) {
                               return network;
                           }
                       }
                       return std::nullopt;
                   },
                   {});
    const AnalysisContent found = read_analysis(path);
    ASSERT_EQ(found.networks.size(), 2u);
    for (const NetworkAnalysis& back : found.networks) {
        const NetworkAnalysis& want = back.uid == networks[0].uid ? networks[0] : networks[1];
        EXPECT_TRUE(same_record(back, want)) << back.uid;
    }
    std::string parts;
    add_groups(record_type<FullAnalysis>(), parts);
    EXPECT_EQ(python("read_full.py", path.string() + parts), 0);
}

TEST(FullRecords, TablesAndSomeNetworksAreReadAlone) {
    const Folder folder;
    const Config config = small_population();
    std::map<std::string, NetworkAnalysis> networks;
    for (const std::size_t i : {1u, 3u, 4u, 5u}) {
        const NetworkSpec& spec = config.networks[i];
        NetworkAnalysis analysis = analysed(spec.uid, spec.network.units, static_cast<int>(i) % 3);
        for (std::size_t k = 1; k < analysis.points.size(); k += 2) {
            analysis.points[k].reached_from = {};
        }
        networks.emplace(spec.uid, std::move(analysis));
    }
    const auto path = folder / "analysis.h5";
    write_analysis(path, config,
                   [&](const NetworkSpec& spec) -> std::optional<NetworkAnalysis> {
                       const auto found = networks.find(spec.uid);
                       return found == networks.end() ? std::nullopt : std::optional(found->second);
                   },
                   {});

    const AnalysisContent table = read_analysis(path, Detail::table);
    ASSERT_EQ(table.networks.size(), networks.size());
    for (const NetworkAnalysis& found : table.networks) {
        const NetworkAnalysis& want = networks.at(found.uid);
        EXPECT_TRUE(same_record(found, table_part(want))) << found.uid;
        EXPECT_EQ(found.full->noise.failed_uniform, want.full->noise.failed_uniform);
        EXPECT_EQ(found.full->search.roots, want.full->search.roots);
        EXPECT_TRUE(found.full->forgetting.failed_share.empty());
        EXPECT_TRUE(found.full->manifold.paths.empty());
        EXPECT_EQ(found.points.size(), (want.points.size() + 1) / 2);
    }

    const std::set<std::string> uids = {config.networks[4].uid, config.networks[5].uid,
                                        config.networks[0].uid, "no such network"};
    const std::vector<NetworkAnalysis> some = read_analyses(path, uids);
    ASSERT_EQ(some.size(), 2u);
    for (const NetworkAnalysis& found : some) {
        EXPECT_TRUE(uids.contains(found.uid));
        EXPECT_TRUE(same_record(found, networks.at(found.uid))) << found.uid;
    }
    EXPECT_TRUE(read_analyses(path, {}).empty());
}

}  // namespace
}  // namespace shoal::test
