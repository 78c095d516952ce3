// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/spec.hpp"

namespace shoal {

/// Reads a configuration, strictly: unknown keys, duplicate keys and bad values are all collected
/// and thrown together as one usage error (exit 2), one line each: `file:line:column: what; what
/// would be right`. `overrides` are `dotted.key=value` texts from --set, applied after the file
/// (value is YAML; `sweep.<key>=[...]` and `sweep.replicate=N` work too). Relative paths in the
/// file are taken relative to its folder. Files named by the configuration are hashed here
/// (missing: exit 3).
Config load_config(const std::filesystem::path& file,
                   const std::vector<std::string>& overrides = {});

/// Same from text; `source` stands for the file name in messages, `folder` for relative paths.
Config parse_config(std::string_view text, const std::string& source,
                    const std::filesystem::path& folder,
                    const std::vector<std::string>& overrides = {});

/// Takes every count-th network of a config from `index` on (--shard index/count).
void keep_shard(Config& config, int index, int count);
/// The same networks copied from those of a whole sweep.
std::vector<NetworkSpec> shard_of(const std::vector<NetworkSpec>& networks, int index, int count);

}  // namespace shoal
