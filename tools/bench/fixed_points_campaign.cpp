// SPDX-License-Identifier: MIT
// Searches for fixed points against what is known: random networks of 2 to 4 units, all of whose
// roots a subdivision proves, and networks of 10 to 50 units with three planted roots.
//
//   fixed_points_campaign [SMALL] [PLANTED] [STARTS] [THREADS]     1000 200 256 all
#include <fmt/format.h>

#include <cstdlib>
#include <vector>

#include "analysis/search_campaign.hpp"
#include "core/parallel.hpp"

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
}

void run(const char* name, int networks, int starts, int threads,
         void (*one)(std::uint32_t, int, CampaignCount&)) {
    std::vector<CampaignCount> counts(static_cast<std::size_t>(networks));
    shoal::parallel_for(counts.size(), threads, [&](std::size_t i, int) {
        one(static_cast<std::uint32_t>(i), starts, counts[i]);
    });
    CampaignCount sum;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (counts[i].missed + counts[i].wrong_proofs + counts[i].wrong_counts > 0) {
            fmt::print("{} network {}: missed {}, wrong proofs {}, wrong counts {}\n", name, i,
                       counts[i].missed, counts[i].wrong_proofs, counts[i].wrong_counts);
        }
        add(sum, counts[i]);
    }
    fmt::print(
        "{}: {} networks ({} undecided by the subdivision), {} known roots; missed {}, found "
        "and not proved {}, wrong proofs {}, wrong counts {}, missed although the indices sum "
        "to 1: {} networks\n",
        name, sum.networks, sum.undecided, sum.known_roots, sum.missed, sum.unproved,
        sum.wrong_proofs, sum.wrong_counts, sum.claimed_complete);
}

}  // namespace

int main(int argc, char** argv) {
    const auto number = [&](int at, int otherwise) {
        return argc > at ? std::atoi(argv[at]) : otherwise;
    };
    const int starts = number(3, 256);
    const int threads = number(4, shoal::available_threads());
    run("small", number(1, 1000), starts, threads, shoal::test::run_small_network);
    run("planted", number(2, 200), starts, threads, shoal::test::run_planted_network);
}
