// SPDX-License-Identifier: MIT
// Kernels for a sanitizer to judge, with the emulator's own checks off. Argument: which one. The
// comments "found:" tell CMakeLists.txt the line that the sanitizer has to name.
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>

#include "emulator.hpp"

namespace {

using shoal::emu::Group;
using shoal::emu::Launch;

void correct() {
    static float result[4];
    shoal::emu::register_memory(result, sizeof result, "result");
    const Launch how{.kernel = "correct",
                     .blocks = 4,
                     .threads = 64,
                     .shared_bytes = 256,
                     .cooperative = true,
                     .cluster = 2};
    shoal::emu::launch(how, [](const Group& g) {
        auto x = g.shared<float>(0, 64);
        auto sums = g.global(result, 4);
        for (int i = 0; i < 3; ++i) {
            x[g.rank()] = g.warp_sum(1.0f);
            g.sync_warp();
            float sum = x[g.rank() ^ 1];
            g.sync();
            sum += x[63 - g.rank()];
            g.sync_cluster();
            sum += g.cluster_shared<float>(1 - g.block() % 2, 0, 64)[g.rank()];
            if (!g.any(sum != 96.0f) && g.rank() == 0) {
                sums[g.block()] = sum;
            }
            g.sync_grid();
            sum = sums[3 - g.block()];
            g.sync_grid();
        }
    });
    for (const float sum : result) {
        if (sum != 96.0f) {
            std::puts("wrong result");
            std::exit(1);
        }
    }
}

void missing_barrier() {
    shoal::emu::launch({.kernel = "shift", .threads = 64, .shared_bytes = 256}, [](const Group& g) {
        auto x = g.shared<float>(0, 64);
        x[g.rank()] = 1.0f;
        g.sync();
        const float left = x[(g.rank() + 1) % 64];
        // The neighbour may not have read yet.
        x[g.rank()] = left + 1.0f;  // found: missing_barrier
    });
}

void missing_warp_barrier() {
    shoal::emu::launch({.kernel = "exchange", .shared_bytes = 128}, [](const Group& g) {
        auto x = g.shared<float>(0, 32);
        x[g.rank()] = 1.0f;
        g.shuffle(1.0f, 0);                   // orders no memory
        const float other = x[g.rank() ^ 1];  // found: missing_warp_barrier
        g.shuffle(other, 0);
    });
}

/// Thread 0 reads what thread 1 writes after the same barrier, and everybody goes on to the next
/// one.
void late_leaver() {
    shoal::emu::launch({.kernel = "leaver", .threads = 32, .shared_bytes = 4}, [](const Group& g) {
        auto x = g.shared<float>(0, 1);
        g.sync();
        if (g.rank() == 1) {
            x[0] = 1.0f;
        }
        if (g.rank() == 31) {
            const float y = x[0];  // found: late_leaver
            x[0] = y;
        }
        g.sync();
    });
}

/// Blocks of an ordinary launch run one after the other here, but not on a device.
void blocks_share() {
    static float shared_by_all = 0.0f;
    shoal::emu::register_memory(&shared_by_all, sizeof shared_by_all, "one number");
    shoal::emu::launch({.kernel = "blocks", .blocks = 2, .threads = 32}, [](const Group& g) {
        g.sync();
        if (g.rank() == 0) {
            g.global(&shared_by_all, 1)[0] += 1.0f;  // found: blocks_share
        }
    });
}

void past_shared() {
    shoal::emu::launch({.kernel = "past", .threads = 65, .shared_bytes = 256}, [](const Group& g) {
        auto x = g.shared<float>(0, 64);
        x[g.rank()] = 1.0f;  // found: past_shared
    });
}

void past_stack() {
    shoal::emu::launch({.kernel = "stack", .threads = 32}, [](const Group& g) {
        float local[8] = {};
        float* volatile where = local;  // hidden from the compiler
        g.sync();
        where[g.rank()] = 1.0f;  // found: past_stack
        g.sync();
    });
}

}  // namespace

int main(int count, char** arguments) {
    const std::map<std::string, std::function<void()>> cases = {
        {"correct", correct},
        {"missing_barrier", missing_barrier},
        {"missing_warp_barrier", missing_warp_barrier},
        {"late_leaver", late_leaver},
        {"blocks_share", blocks_share},
        {"past_shared", past_shared},
        {"past_stack", past_stack},
    };
    const auto which = cases.find(count == 2 ? arguments[1] : "");
    if (which == cases.end()) {
        std::puts("one argument: the name of a case");
        return 2;
    }
    shoal::emu::set_watch(shoal::emu::Watch::off);
    which->second();
    return 0;
}
