// SPDX-License-Identifier: MIT
// Searches for fixed points against what is known: random networks of 2 to 4 units, all of whose
// roots a subdivision proves; networks of 10 to 50 units with three planted roots; networks of rank
// 1 to 3 and 32 to 512 units, all of whose roots follow from an equation in as many unknowns; and
// the networks of weights files, against 3,000 starts of each kind. Starts alone are tried, without
// that equation.
//
//   fixed_points_campaign [SMALL] [PLANTED] [LOW_RANK] [STARTS] [THREADS] [WEIGHTS ...]
//                          1000    200       200        256      all
#include <fmt/format.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "analysis/search_campaign.hpp"
#include "core/parallel.hpp"
#include "store/exchange_files.hpp"

namespace {

using shoal::test::CampaignCount;

void add(CampaignCount& sum, const CampaignCount& one) {
    sum.networks += one.networks;
    sum.undecided += one.undecided;
    sum.known_roots += one.known_roots;
    sum.missed += one.missed;
    sum.wrong_proofs += one.wrong_proofs;
    sum.wrong_counts += one.wrong_counts;
    sum.unproved += one.unproved;
    sum.claimed_complete += one.claimed_complete;
    sum.complete += one.complete;
    sum.proved_complete += one.proved_complete;
    sum.no_sign += one.no_sign;
    sum.wrong_status += one.wrong_status;
}

void run(const std::string& name, int networks, int starts, int threads,
         const std::function<void(std::uint32_t, int, CampaignCount&)>& one) {
    std::vector<CampaignCount> counts(static_cast<std::size_t>(networks));
    shoal::parallel_for(counts.size(), threads, [&](std::size_t i, int) {
        one(static_cast<std::uint32_t>(i), starts, counts[i]);
    });
    CampaignCount sum;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (counts[i].missed + counts[i].wrong_proofs + counts[i].wrong_counts > 0) {
            fmt::print("{} network {}: missed {} of {}{}, wrong proofs {}, wrong counts {}\n", name,
                       i, counts[i].missed, counts[i].known_roots,
                       counts[i].wrong_status > 0 ? " and called complete" : "",
                       counts[i].wrong_proofs, counts[i].wrong_counts);
        }
        add(sum, counts[i]);
    }
    fmt::print(
        "{}: {} networks ({} of which the truth is not known), {} known roots; missed {}, found "
        "and not proved {}, wrong proofs {}, wrong counts {}, missed although the indices sum "
        "to 1: {} networks\n",
        name, sum.networks, sum.undecided, sum.known_roots, sum.missed, sum.unproved,
        sum.wrong_proofs, sum.wrong_counts, sum.claimed_complete);
    fmt::print("{}: complete {} of {}; no sign of a missing root in {}, wrongly in {}\n", name,
               sum.complete, sum.networks - sum.undecided, sum.no_sign, sum.wrong_status);
}

void run_weights(const char* path, int threads) {
    const shoal::WeightsFile weights = shoal::read_weights(path);
    const auto one = [&](std::uint32_t network, int starts, CampaignCount& count) {
        const shoal::Dynamics dynamics(model_of(weights, static_cast<int>(network)));
        shoal::test::run_network_without_truth(dynamics, network, starts, count);
    };
    run(path, weights.networks, 3000, threads, one);
}

}  // namespace

int main(int argc, char** argv) {
    const auto number = [&](int at, int otherwise) {
        return argc > at ? std::atoi(argv[at]) : otherwise;
    };
    const int starts = number(4, 256);
    const int threads = number(5, shoal::available_threads());
    run("small", number(1, 1000), starts, threads, shoal::test::run_small_network);
    run("planted", number(2, 200), starts, threads, shoal::test::run_planted_network);
    run("low rank", number(3, 200), starts, threads, shoal::test::run_low_rank_network);
    for (int file = 6; file < argc; ++file) {
        run_weights(argv[file], threads);
    }
}
