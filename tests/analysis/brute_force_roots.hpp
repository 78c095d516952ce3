// SPDX-License-Identifier: MIT
// All zeros of a small network by subdivision: every box of states is either shown to hold none, or
// lies where a certificate leaves room for exactly one, or is halved.
#pragma once

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <vector>

#include "analysis/search/certificate.hpp"
#include "analysis/search/zero_form.hpp"

namespace shoal::test {

struct BruteForce {
    std::vector<Eigen::VectorXd> roots;  ///< as x of G
    std::vector<Certificate> certificates;
    bool complete = false;  ///< every box was decided
};

struct Box {
    Eigen::VectorXd middle;
    Eigen::VectorXd radius;
};

/// More than the roundings of the few dozen operations behind one bound, relative to its terms.
inline constexpr double brute_slack = 1e-12;

/// No zero in the box: an entry of G, or of A G with A the inverse of DG(middle), keeps its sign.
///   G_i within sum over j of W_ij [tanh] + c_i - [x_i]
///   A G(x) within A G(m) + sum over j of [-A_ij + (A W)_ij tanh'([x_j])] [x_j - m_j]
inline bool holds_no_zero(const ZeroForm& form, const Box& box) {
    const Eigen::Index n = form.units();
    const Eigen::VectorXd low = box.middle - box.radius;
    const Eigen::VectorXd high = box.middle + box.radius;
    const Eigen::VectorXd r_low = tanh_of(low);
    const Eigen::VectorXd r_high = tanh_of(high);
    for (Eigen::Index i = 0; i < n; ++i) {
        double least = form.drive()[i] - high[i];
        double most = form.drive()[i] - low[i];
        double size = std::abs(form.drive()[i]) + std::abs(low[i]) + std::abs(high[i]);
        for (Eigen::Index j = 0; j < n; ++j) {
            const double w = form.weights()(i, j);
            least += w * (w > 0.0 ? r_low[j] : r_high[j]);
            most += w * (w > 0.0 ? r_high[j] : r_low[j]);
            size += std::abs(w);
        }
        if (least > brute_slack * size || most < -brute_slack * size) {
            return true;
        }
    }
    const Eigen::MatrixXd inverse = form.jacobian(box.middle).inverse();
    if (!inverse.allFinite()) {
        return false;
    }
    const Eigen::MatrixXd product = inverse * form.weights();
    const Eigen::VectorXd value = inverse * form.residual(box.middle);
    const auto slope = [](double t) { return 1.0 - std::tanh(t) * std::tanh(t); };
    const double size =
        inverse.cwiseAbs().sum() * (1.0 + form.weights().cwiseAbs().sum() +
                                    box.middle.cwiseAbs().sum() + form.drive().cwiseAbs().sum());
    for (Eigen::Index i = 0; i < n; ++i) {
        double reach = 0.0;
        for (Eigen::Index j = 0; j < n; ++j) {
            const bool across = low[j] < 0.0 && high[j] > 0.0;
            const double most = across ? 1.0 : std::max(slope(low[j]), slope(high[j]));
            const double least = std::min(slope(low[j]), slope(high[j]));
            const double entry = std::max(std::abs(-inverse(i, j) + product(i, j) * least),
                                          std::abs(-inverse(i, j) + product(i, j) * most));
            reach += entry * box.radius[j];
        }
        if (std::abs(value[i]) > reach + brute_slack * size) {
            return true;
        }
    }
    return false;
}

inline BruteForce brute_force_roots(const Dynamics& dynamics, int box_limit = 400000) {
    const ZeroForm form(dynamics);
    BruteForce found;
    Box all;
    all.middle = Eigen::VectorXd::Zero(form.units());
    all.radius = 1.01 * (form.weights().cwiseAbs().rowwise().sum() + form.drive().cwiseAbs());
    all.radius.array() += 1e-3;
    std::vector<Box> boxes = {all};
    const auto decided = [&](const Box& box, std::size_t root) {
        const Eigen::VectorXd farthest = (box.middle - found.roots[root]).cwiseAbs() + box.radius;
        return farthest.maxCoeff() < found.certificates[root].uniqueness;
    };
    for (int count = 0; !boxes.empty(); ++count) {
        if (count == box_limit) {
            return found;
        }
        const Box box = boxes.back();
        boxes.pop_back();
        bool done = holds_no_zero(form, box);
        for (std::size_t root = 0; root < found.roots.size() && !done; ++root) {
            done = decided(box, root);
        }
        if (!done && box.radius.maxCoeff() < 0.2) {
            // Plain Newton; a root that is proved and new is kept.
            Eigen::VectorXd x = box.middle;
            for (int i = 0; i < 20; ++i) {
                x -= form.jacobian(x).partialPivLu().solve(form.residual(x));
            }
            Certificate certificate = certify(form, x);
            if (certificate.proved) {
                // Its own chord iteration converges.
                for (int i = 0; i < 2000; ++i) {
                    x -= certificate.inverse * form.residual(x);
                }
                certificate = certify(form, x);
            }
            bool fresh = certificate.proved;
            for (std::size_t root = 0; root < found.roots.size() && fresh; ++root) {
                fresh = (x - found.roots[root]).lpNorm<Eigen::Infinity>() >
                        found.certificates[root].existence + certificate.existence;
            }
            if (fresh) {
                found.roots.push_back(x);
                found.certificates.push_back(certificate);
                done = decided(box, found.roots.size() - 1);
            }
        }
        if (!done) {
            Eigen::Index widest = 0;
            box.radius.maxCoeff(&widest);
            for (const double side : {-0.5, 0.5}) {
                Box half = box;
                half.middle[widest] += side * box.radius[widest];
                half.radius[widest] *= 0.5;
                boxes.push_back(std::move(half));
            }
        }
    }
    found.complete = true;
    return found;
}

}  // namespace shoal::test
