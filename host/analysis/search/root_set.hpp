// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <vector>

#include "analysis/search/certificate.hpp"
#include "analysis/search/zero_search.hpp"

namespace shoal {

/// A zero of G that a search has found.
struct Root {
    Eigen::VectorXd x;
    Eigen::VectorXd rates;  ///< tanh(x)
    Certificate certificate;
    int mirror = -1;  ///< the root at -x, -1: none
};

/// The zeros found so far, told apart as fixed_point_search.hpp says.
class RootSet {
  public:
    explicit RootSet(const SearchedNetwork& network) : network_(network) {}

    const std::vector<Root>& roots() const { return roots_; }
    std::size_t unproved() const { return unproved_; }

    /// The proved root whose chord iteration provably converges from x, or -1.
    int proved_near(const Eigen::VectorXd& x) const;
    /// The root that a zero at x is, or the number of a new one: with no drive its mirror image is
    /// added with it, next. -1: it could not be proved and `most_unproved` are kept already.
    int add(const Eigen::VectorXd& x, std::size_t most_unproved);

  private:
    int same_as(const Root& root) const;

    const SearchedNetwork& network_;
    std::vector<Root> roots_;
    std::size_t unproved_ = 0;
};

}  // namespace shoal
