// SPDX-License-Identifier: MIT
// analysis.h5: how each network remembers (layout: tools/python/README.md, "The files").
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/spec.hpp"
#include "records/records.hpp"
#include "store/detail.hpp"

namespace shoal {

/// Version of the layout of analysis.h5; files of another one are refused.
inline constexpr int analysis_schema = 3;

/// Writes analysis.h5 atomically, same groups as population.h5; `result` gives nothing for networks
/// that were not analysed (not accepted, diverged or pending).
void write_analysis(const std::filesystem::path& path, const Config& config,
                    const std::function<std::optional<NetworkAnalysis>(const NetworkSpec&)>& result,
                    const std::vector<ExampleTrajectories>& examples);

struct AnalysisContent {
    std::vector<NetworkAnalysis> networks;
    std::vector<ExampleTrajectories> examples;
};
AnalysisContent read_analysis(const std::filesystem::path& path,
                              Detail detail = Detail::everything);

/// Everything of some networks, in the order of the file; those that were not analysed are left
/// out.
std::vector<NetworkAnalysis> read_analyses(const std::filesystem::path& path,
                                           const std::set<std::string>& uids);

}  // namespace shoal
