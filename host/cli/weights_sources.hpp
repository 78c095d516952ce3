// SPDX-License-Identifier: MIT
// The networks of several weights files, as `shoal analyze --weights` goes through them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "store/dynamics_file.hpp"
#include "store/exchange_files.hpp"

namespace shoal {

/// Rows of the answer: every network in each of its conditions, those of one file after those of
/// another.
class WeightsSources {
  public:
    /// Reads the files, with axes in this order (c, matlab; empty: c, and a line says so). A file
    /// that is given twice, and networks of another shape than the first, are usage errors.
    WeightsSources(const std::vector<std::string>& paths, const std::string& order);

    std::size_t size() const { return rows_.size(); }
    const WeightsFile& file_of(std::size_t row) const { return files_[rows_[row].file]; }
    const std::string& path_of(std::size_t row) const { return paths_[rows_[row].file]; }
    /// The network's place in its file, and its condition.
    int network_of(std::size_t row) const { return rows_[row].network; }
    int condition_of(std::size_t row) const { return rows_[row].condition; }
    const WeightsFile& first() const { return files_.front(); }
    const std::vector<std::string>& paths() const { return paths_; }
    const std::vector<WeightsFile>& files() const { return files_; }

    /// What the answer calls its rows. Uids are the files' own where every network has one, of its
    /// own; those of one file without uids: none; else FILE/PLACE, of the file's name or, where two
    /// files share it, its path.
    DynamicsRows names() const;
    /// "network 3 (uid), condition 1", of what there is; networks count through all files.
    std::string name_of(std::size_t row, const DynamicsRows& names) const;

  private:
    struct Row {
        std::size_t file;
        int network;
        int condition;
        std::size_t number;  ///< of the network among those of all files
    };

    std::vector<std::string> paths_;
    std::vector<WeightsFile> files_;
    std::vector<Row> rows_;
};

}  // namespace shoal
