// SPDX-License-Identifier: MIT
#include "store/detail.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "records/full_records.hpp"

namespace shoal {
namespace {

template <class Record>
Record table_fields(Record record) {
    describe(record, [](const char*, auto& field, const Meaning& meaning) {
        using Field = std::decay_t<decltype(field)>;
        if (!stands_in_table(meaning, std::is_same_v<Field, std::string>)) {
            field = Field{};
        }
    });
    return record;
}

}  // namespace

bool stands_in_table(const Meaning& meaning, bool text) {
    static const std::vector<std::string> against_noise = {"sigma"};
    return !text && (meaning.axes.empty() || meaning.axes == against_noise);
}

NetworkAnalysis table_part(NetworkAnalysis analysis) {
    std::erase_if(analysis.points,
                  [](const FixedPoint& point) { return point.reached_from.empty(); });
    for (FixedPoint& point : analysis.points) {
        FixedPoint kept;
        kept.speed = point.speed;
        kept.unstable = point.unstable;
        kept.reached_from = std::move(point.reached_from);
        const auto leading = std::min<std::size_t>(point.eigenvalues.size(), 2);
        kept.eigenvalues.assign(point.eigenvalues.begin(),
                                point.eigenvalues.begin() + static_cast<std::ptrdiff_t>(leading));
        point = std::move(kept);
    }
    if (analysis.full != nullptr) {
        const auto light = std::make_shared<FullAnalysis>();
        visit_parts([&](const char*,
                        const auto& part) { part(*light) = table_fields(part(*analysis.full)); },
                    // A list may be a member of a part that has just been copied.
                    [&](const char*, const char*, const auto& part) { part(*light).clear(); });
        analysis.full = light;
    }
    return analysis;
}

}  // namespace shoal
