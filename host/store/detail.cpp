// SPDX-License-Identifier: MIT
#include "store/detail.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "records/fields.hpp"
#include "records/full_records.hpp"

namespace shoal {

bool stands_in_table(const Field& field) {
    static const std::vector<std::string> against_noise = {"sigma"};
    const auto& axes = field.meaning.axes;
    return field.type != FieldType::text && (axes.empty() || axes == against_noise);
}

TrainedNetwork table_part(TrainedNetwork network, bool curve) {
    network.readout = {};
    network.state = {};
    network.conclusions = {};
    network.weights = {};
    if (!curve) {
        network.error_curve = {};
        network.loss_curve = {};
    }
    return network;
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
        for (const Field& part : record_type<FullAnalysis>().fields) {
            if (part.type != FieldType::record) {
                continue;
            }
            for (const Field& field : part.inner->fields) {
                if (stands_in_table(field)) {
                    field.copy(field.in(part.in(light.get())),
                               field.in(part.in(analysis.full.get())));
                }
            }
        }
        analysis.full = light;
    }
    return analysis;
}

}  // namespace shoal
