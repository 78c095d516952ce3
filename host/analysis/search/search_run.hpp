// SPDX-License-Identifier: MIT
// From starts to the points where they end (fixed_point_search.hpp): zeros, minima of the speed, or
// nowhere.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <vector>

#include "analysis/search/fixed_point_search.hpp"
#include "analysis/search/root_set.hpp"
#include "analysis/search/zero_search.hpp"

namespace shoal {

/// A minimum of q; too fast ones are remembered, too, so that they are not searched again.
struct Minimum {
    SlowRun run;
    Eigen::VectorXd rates;
    bool slow = false;  ///< up to SearchOptions::slow_speed
};

/// Where a start ended.
struct End {
    enum class Kind { waiting, root, minimum, nowhere } kind = Kind::waiting;
    int number = -1;  ///< of the root or minimum
};

/// How many starts a limit cut.
struct SearchCuts {
    int capped_zeros = 0;       ///< Newton was still approaching
    int stalled = 0;            ///< stalled, and no steps towards minima were left
    int capped_minima = 0;      ///< had reached no minimum
    int unproved = 0;           ///< ended at zeros beyond those that are kept
    int drawn = 0;              ///< starts in all, where more would have been
    bool root_missing = false;  ///< the proved indices do not sum to 1
};

class SearchRun {
  public:
    /// `dynamics` and `options` must outlive the run.
    SearchRun(const Dynamics& dynamics, const SearchOptions& options);

    /// Follows more starts, states of the network, [unit, start], to their ends.
    void follow(const Eigen::MatrixXd& starts);
    /// Searches that the known roots repel, while their indices do not sum to 1.
    void look_for_missing();
    /// Where an equation in few unknowns has all roots (all_roots.hpp), finds them and proves that
    /// there is no other. Whether it did.
    bool prove_complete();

    /// So many starts were drawn; whether there would have been more but for the limit.
    void note_drawn(int starts, bool cut) { cuts_.drawn = cut ? starts : 0; }

    const SearchedNetwork& network() const { return network_; }
    const std::vector<Root>& roots() const { return roots_.roots(); }
    const std::vector<Minimum>& minima() const { return minima_; }
    const std::vector<End>& ends() const { return ends_; }
    const SearchCuts& cuts() const { return cuts_; }
    int stopped_early() const { return stopped_early_; }
    /// Of prove_complete(): the unknowns, 0 where there is no such equation, and the boxes.
    int unknowns() const { return unknowns_; }
    int boxes() const { return boxes_; }
    bool complete() const { return complete_; }
    const SearchWork& work() const { return work_; }

  private:
    void refine(std::size_t start);
    void minimise(std::size_t start, const Eigen::VectorXd& x);
    /// Whether an iterate, x of G and state of the network, needs no further steps.
    bool known_end(const Eigen::VectorXd& x, const Eigen::VectorXd& state, End& end) const;
    int minimum_near(const Eigen::VectorXd& state) const;
    bool leads_to_known_minimum(const Eigen::VectorXd& state, End& end);
    void end_at_known(std::size_t start, const End& end, const Eigen::VectorXd& x);
    void end_at_root(std::size_t start, int root, bool early);
    int add_root(const Eigen::VectorXd& x);
    /// Tries all starts that wait with a root that has just been proved.
    void try_with(int root);
    /// Refines x, within the uniqueness radius of a root, to it.
    void chord_to(int root, Eigen::VectorXd x);
    bool root_is_missing() const;

    SearchedNetwork network_;
    const SearchOptions& options_;
    RootSet roots_;
    Eigen::MatrixXd starts_;  ///< as x of G
    std::vector<End> ends_;
    std::vector<Minimum> minima_;
    SearchWork work_;
    SearchCuts cuts_;
    int stopped_early_ = 0;
    int unknowns_ = 0;
    int boxes_ = 0;
    bool complete_ = false;
};

}  // namespace shoal
