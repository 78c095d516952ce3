// SPDX-License-Identifier: MIT
// The search for fixed points beside the field's usual one on the same networks, starts and cores:
// Adam on q = 0.5 |F|^2 (Sussillo & Barak 2013; Golub & Sussillo, FixedPointFinder, 2018), in
// float64, all starts of a network advanced together by two matrix products (W r and W' F, on the
// same kernels as the search's). A start leaves the batch when its |F| is below the target; the
// rate falls by 0.7 whenever 100 iterations have not lowered the median |F| by 10 %.
//
//   fixed_points_peer [NETWORKS] [STARTS] [TARGET] [ITERATIONS] [THREADS]     4 256 1e-8 20000 all
//
// One line of JSON. The peer does less: it proves nothing, tells no points apart, counts no
// unstable directions. `reached`: the share of starts below the target when it ended;
// `search_reached`: the same of the search, by the speed of the points where its starts ended.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <vector>

#include "analysis/linear/packed_matrix.hpp"
#include "analysis/search/fixed_point_search.hpp"
#include "cli/bench_networks.hpp"
#include "core/memory.hpp"
#include "core/parallel.hpp"

namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;
using namespace shoal;

struct PeerResult {
    double reached = 0.0;  ///< share of starts
    int iterations = 0;
};

double median(VectorXd values) {
    const auto middle = values.data() + values.size() / 2;
    std::nth_element(values.data(), middle, values.data() + values.size());
    return *middle;
}

/// Current cells with tau = 1: F = W tanh(x) + c - x, dq/dx = (1 - tanh(x)^2) W' F - F.
PeerResult adam_on_q(const Dynamics& dynamics, const MatrixXd& starts, double target, int limit) {
    const PackedMatrix forward(dynamics.weights());
    const PackedMatrix backward(dynamics.weights().transpose());
    constexpr double beta1 = 0.9;
    constexpr double beta2 = 0.999;
    double rate = 0.05;
    MatrixXd x = starts;
    MatrixXd first = MatrixXd::Zero(x.rows(), x.cols());
    MatrixXd second = first;
    double last_median = 1e300;
    PeerResult result;
    for (; result.iterations < limit && x.cols() > 0; ++result.iterations) {
        const MatrixXd r = x.array().tanh();
        MatrixXd force = multiply(forward, r) - x;
        force.colwise() += dynamics.drive();
        const VectorXd speeds = force.colwise().norm();
        Eigen::Index left = 0;
        for (Eigen::Index k = 0; k < x.cols(); ++k) {
            if (speeds[k] > target) {
                if (left != k) {
                    x.col(left) = x.col(k);
                    first.col(left) = first.col(k);
                    second.col(left) = second.col(k);
                    force.col(left) = force.col(k);
                }
                ++left;
            }
        }
        const bool dropped = left < x.cols();
        for (MatrixXd* matrix : {&x, &first, &second, &force}) {
            if (dropped) {
                matrix->conservativeResize(Eigen::NoChange, left);
            }
        }
        if (left == 0) {
            break;
        }
        if (result.iterations % 100 == 99) {
            const double now = median(speeds);
            rate *= now > 0.9 * last_median ? 0.7 : 1.0;
            last_median = now;
        }
        const MatrixXd slope = 1.0 - (dropped ? MatrixXd(x.array().tanh()) : r).array().square();
        const MatrixXd gradient = slope.cwiseProduct(multiply(backward, force)) - force;
        first = beta1 * first + (1.0 - beta1) * gradient;
        second = beta2 * second + (1.0 - beta2) * gradient.cwiseAbs2();
        const double t = result.iterations + 1;
        const double scale = rate / (1.0 - std::pow(beta1, t));
        const double correction = 1.0 / (1.0 - std::pow(beta2, t));
        x.array() -= scale * first.array() / ((correction * second.array()).sqrt() + 1e-12);
    }
    result.reached = 1.0 - static_cast<double>(x.cols()) / static_cast<double>(starts.cols());
    return result;
}

double seconds_of(const std::function<void()>& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

int main(int argc, char** argv) {
    const auto number = [&](int at, double otherwise) {
        return argc > at ? std::atof(argv[at]) : otherwise;
    };
    const auto networks = static_cast<std::size_t>(number(1, 4));
    const int starts = static_cast<int>(number(2, 256));
    const double target = number(3, 1e-8);
    const int limit = static_cast<int>(number(4, 20000));
    const int threads = static_cast<int>(number(5, available_threads()));
    constexpr int units = 200;
    reuse_dropped_memory();

    std::vector<Dynamics> dynamics;
    std::vector<MatrixXd> states;
    for (std::size_t i = 0; i < networks; ++i) {
        dynamics.push_back(memory_network(units, static_cast<std::uint32_t>(i)));
        states.push_back(analysis_starts(dynamics.back(), starts, static_cast<std::uint32_t>(i)));
    }
    std::vector<SearchResult> found(networks);
    std::vector<PeerResult> peers(networks);
    SearchOptions options;
    options.early_stop = EarlyStop::never;
    const double search_seconds = seconds_of([&] {
        parallel_for(networks, threads, [&](std::size_t i, int) {
            found[i] = search_fixed_points(dynamics[i], states[i], options);
        });
    });
    const double peer_seconds = seconds_of([&] {
        parallel_for(networks, threads, [&](std::size_t i, int) {
            peers[i] = adam_on_q(dynamics[i], states[i], target, limit);
        });
    });

    double search_reached = 0.0;
    double reached = 0.0;
    double iterations = 0.0;
    for (std::size_t i = 0; i < networks; ++i) {
        for (const int end : found[i].ends) {
            const bool there =
                end != -1 && found[i].points[static_cast<std::size_t>(end)].speed <= target;
            search_reached += there ? 1.0 / starts : 0.0;
        }
        reached += peers[i].reached;
        iterations += peers[i].iterations;
    }
    const auto count = static_cast<double>(networks);
    fmt::print(
        "{{\"case\": \"fixed-points-peer\", \"units\": {}, \"networks\": {}, \"starts\": {}, "
        "\"threads\": {}, \"target\": {:.1e}, \"search_seconds\": {:.3f}, \"search_reached\": "
        "{:.4f}, \"peer_seconds\": {:.3f}, \"peer_reached\": {:.4f}, \"peer_iterations\": {:.0f}, "
        "\"ratio\": {:.2f}}}\n",
        units, networks, starts, threads, target, search_seconds, search_reached / count,
        peer_seconds, reached / count, iterations / count, peer_seconds / search_seconds);
}
