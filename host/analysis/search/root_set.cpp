// SPDX-License-Identifier: MIT
#include "analysis/search/root_set.hpp"

#include <utility>

#include "analysis/attractors/settling.hpp"
#include "core/stop.hpp"

namespace shoal {

namespace {

double distance(const Eigen::VectorXd& a, const Eigen::VectorXd& b) {
    return (a - b).lpNorm<Eigen::Infinity>();
}

}  // namespace

int RootSet::proved_near(const Eigen::VectorXd& x) const {
    for (std::size_t i = 0; i < roots_.size(); ++i) {
        if (roots_[i].certificate.proved &&
            distance(x, roots_[i].x) < roots_[i].certificate.uniqueness) {
            return static_cast<int>(i);
        }
    }
    return -1;
}

int RootSet::same_as(const Root& root) const {
    const Certificate& its = root.certificate;
    for (std::size_t i = 0; i < roots_.size(); ++i) {
        const Certificate& other = roots_[i].certificate;
        bool same = false;
        if (its.proved && other.proved) {
            // Either both zeros are within one box that holds one, or they are different.
            const double apart = distance(root.x, roots_[i].x);
            same = apart + other.existence <= its.uniqueness ||
                   apart + its.existence <= other.uniqueness ||
                   apart <= its.existence + other.existence;
        } else {
            same = rms(root.rates - roots_[i].rates) <= distinct_distance;
        }
        if (same) {
            return static_cast<int>(i);
        }
    }
    return -1;
}

int RootSet::add(const Eigen::VectorXd& x, std::size_t most_unproved) {
    stop_point();
    Root root;
    root.x = x;
    root.rates = network_.form.rates(x);
    root.certificate = certify(network_.form, x);
    const int known = same_as(root);
    if (known != -1) {
        return known;
    }
    const bool proved = root.certificate.proved;
    if (!proved && unproved_ >= most_unproved) {
        return -1;
    }
    unproved_ += proved ? 0 : 1;
    const auto number = static_cast<int>(roots_.size());
    Root mirror = root;
    mirror.x = -mirror.x;
    mirror.rates = -mirror.rates;
    // G is odd in floating point, too: the certificate is that of both. Where x and -x are one, it
    // is its own mirror image.
    const bool two =
        proved && network_.form.odd() && distance(mirror.x, root.x) > root.certificate.uniqueness;
    if (two) {
        root.mirror = number + 1;
        mirror.mirror = number;
    }
    roots_.push_back(std::move(root));
    if (two) {
        roots_.push_back(std::move(mirror));
    }
    return number;
}

}  // namespace shoal
