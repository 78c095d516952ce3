// SPDX-License-Identifier: MIT
// Kernels with one bug each: the emulator must find it and say what and where.
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "emulator.hpp"

namespace shoal::emu {
namespace {

using Body = std::function<void(const Group&)>;

/// A read whose value does not matter.
void consume(double) {}

/// Expects the launch to be refused for this reason, with a message that has all the words.
void expect_fault(FaultKind kind, const std::vector<std::string>& words, const Launch& how,
                  const Body& body) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        set_schedule(seed);
        try {
            launch(how, body);
            ADD_FAILURE() << "not found under schedule " << seed;
        } catch (const Fault& fault) {
            const std::string message = fault.what();
            EXPECT_STREQ(name(fault.kind()), name(kind)) << message << " (schedule " << seed << ")";
            for (const std::string& word : words) {
                EXPECT_NE(message.find(word), std::string::npos)
                    << "'" << word << "' in: " << message << " (schedule " << seed << ")";
            }
        }
    }
    set_schedule(0);
}

std::string line(unsigned number) {
    return "test_emu_planted.cpp:" + std::to_string(number);
}

TEST(planted, missing_barrier) {
    const auto body = [](const Group& g) {
        auto x = g.shared<float>(0, 64);
        x[g.rank()] = 1.0f;
        g.sync();
        const float left = x[(g.rank() + 1) % 64];
        x[g.rank()] = left + 1.0f;  // the neighbour may not have read yet
    };
    const unsigned last_barrier = __LINE__ - 4;
    expect_fault(FaultKind::race,
                 {"kernel shift", "block 0", "thread ", "shared memory at byte ",
                  "after sync (" + line(last_barrier) + ")", "no barrier between"},
                 {.kernel = "shift", .threads = 64, .shared_bytes = 256}, body);
}

TEST(planted, missing_barrier_between_writes) {
    expect_fault(FaultKind::race, {"writes shared memory at byte 4 ", "wrote it"},
                 {.kernel = "twice", .threads = 32, .shared_bytes = 16}, [](const Group& g) {
                     if (g.rank() == 3 || g.rank() == 17) {
                         g.shared<int>(4, 1)[0] = g.rank();
                     }
                 });
}

TEST(planted, missing_warp_barrier) {
    // A shuffle makes lanes meet, but orders no memory.
    expect_fault(FaultKind::race, {"reads shared memory", "wrote it"},
                 {.kernel = "exchange", .threads = 32, .shared_bytes = 128}, [](const Group& g) {
                     auto x = g.shared<float>(0, 32);
                     x[g.lane()] = 1.0f;
                     g.shuffle(1.0f, 0);
                     consume(x[g.lane() ^ 1]);
                 });
}

TEST(planted, warp_barrier_for_the_wrong_half) {
    expect_fault(FaultKind::race, {"reads shared memory", "wrote it"},
                 {.kernel = "halves", .threads = 32, .shared_bytes = 128}, [](const Group& g) {
                     auto x = g.shared<float>(0, 32);
                     x[g.lane()] = 1.0f;
                     g.sync_warp(g.lane() < 16 ? 0x0000ffffu : 0xffff0000u);
                     consume(x[g.lane() ^ 16]);
                 });
}

TEST(planted, missing_block_barrier_between_warps) {
    expect_fault(FaultKind::race, {"no barrier between"},
                 {.kernel = "warps", .threads = 96, .shared_bytes = 384}, [](const Group& g) {
                     auto x = g.shared<float>(0, 96);
                     x[g.rank()] = 0.0f;
                     g.sync();
                     x[g.rank()] = 1.0f;
                     g.sync_warp();
                     consume(x[(g.rank() + 32) % 96]);
                 });
}

TEST(planted, divergent_barrier) {
    const unsigned here = __LINE__;
    const auto body = [](const Group& g) {
        if (g.rank() < 40) {
            g.sync();
        } else {
            g.sync();
        }
    };
    expect_fault(FaultKind::divergent_barrier, {line(here + 3), line(here + 5), "kernel split"},
                 {.kernel = "split", .threads = 64}, body);
}

TEST(planted, different_barriers) {
    expect_fault(FaultKind::divergent_barrier, {"at sync (", "at any ("},
                 {.kernel = "mixed", .threads = 64}, [](const Group& g) {
                     // clang-format off: one line, two barriers
                     if (g.rank() == 9) {
                         g.any(true);
                     } else {
                         g.sync();
                     }
                     // clang-format on
                 });
}

TEST(planted, early_exit) {
    const unsigned here = __LINE__;
    const auto body = [](const Group& g) {
        if (g.rank() == 33) {
            return;
        }
        g.sync();
    };
    expect_fault(FaultKind::divergent_barrier, {"thread 33", "the kernel", line(here + 5)},
                 {.kernel = "leaver", .threads = 64}, body);
}

TEST(planted, early_exit_of_a_block) {
    expect_fault(FaultKind::divergent_barrier, {"the kernel", "sync_grid ("},
                 {.kernel = "grid", .blocks = 3, .threads = 32, .cooperative = true},
                 [](const Group& g) {
                     if (g.block() != 1) {
                         g.sync_grid();
                     }
                 });
}

TEST(planted, deadlock) {
    // Blocks 0 and 1 wait for all four, 2 and 3 for each other at one line, then at another.
    expect_fault(FaultKind::deadlock, {"sync_grid (", "sync_cluster ("},
                 {.kernel = "grid", .blocks = 4, .threads = 32, .cooperative = true, .cluster = 2},
                 [](const Group& g) {
                     if (g.block() % 2 == 0) {
                         g.sync_grid();
                     } else {
                         g.sync_cluster();
                     }
                 });
}

TEST(planted, deadlock_of_lanes) {
    expect_fault(FaultKind::deadlock, {"sync_warp (", "with mask 0x0000000"},
                 {.kernel = "circle", .threads = 3}, [](const Group& g) {
                     // Every lane meets its right neighbour first, and would its left one after.
                     const unsigned left[] = {0b101, 0b011, 0b110};
                     const unsigned right[] = {0b011, 0b110, 0b101};
                     g.sync_warp(right[g.lane()]);
                     g.sync_warp(left[g.lane()]);
                 });
}

TEST(planted, out_of_bounds_shared) {
    expect_fault(FaultKind::shared_out_of_bounds, {"element 10 of a view of 10"},
                 {.kernel = "past", .threads = 32, .shared_bytes = 128}, [](const Group& g) {
                     auto x = g.shared<float>(0, 10);
                     if (g.rank() <= 10) {
                         x[g.rank()] = 1.0f;
                     }
                 });
    expect_fault(FaultKind::shared_out_of_bounds, {"element -1 of a view of 10"},
                 {.kernel = "before", .threads = 32, .shared_bytes = 128},
                 [](const Group& g) { (g.shared<float>(8, 10) + 3)[-4] = 1.0f; });
    expect_fault(FaultKind::shared_out_of_bounds, {"from byte 96 to 136 of 128"},
                 {.kernel = "plan", .threads = 32, .shared_bytes = 128},
                 [](const Group& g) { g.shared<float>(96, 10); });
}

TEST(planted, unwritten_shared) {
    expect_fault(FaultKind::unwritten_shared, {"byte 124 ", "no thread of the block has written"},
                 {.kernel = "hole", .threads = 32, .shared_bytes = 128}, [](const Group& g) {
                     auto x = g.shared<float>(0, 32);
                     if (g.rank() < 31) {
                         x[g.rank()] = 1.0f;
                     }
                     g.sync();
                     consume(x[g.rank()]);
                 });
}

TEST(planted, unwritten_shared_of_the_block_before) {
    expect_fault(FaultKind::unwritten_shared, {"byte 0 "},
                 {.kernel = "left", .blocks = 8, .threads = 1, .shared_bytes = 4},
                 [](const Group& g) {
                     auto x = g.shared<int>(0, 1);
                     if (g.block() % 2 == 0) {
                         x[0] = 1;
                     }
                     consume(x[0]);
                 });
}

TEST(planted, unwritten_byte) {
    expect_fault(FaultKind::unwritten_shared, {"byte 0 "},
                 {.kernel = "bytes", .threads = 1, .shared_bytes = 4}, [](const Group& g) {
                     auto x = g.shared<std::uint8_t>(0, 4);
                     x[0] = std::uint8_t{1};
                     x[2] = std::uint8_t{1};
                     consume(x[1]);
                 });
}

TEST(planted, warp_mask_without_the_caller) {
    expect_fault(FaultKind::warp_mask, {"shuffle", "0x0000ffff", "is not in it"},
                 {.kernel = "half", .threads = 32},
                 [](const Group& g) { g.shuffle(1, 0, 0x0000ffffu); });
}

TEST(planted, warp_mask_disagreement) {
    expect_fault(FaultKind::warp_mask, {"sync_warp", "0xffffffff"},
                 {.kernel = "masks", .threads = 32}, [](const Group& g) {
                     const unsigned mask = g.lane() < 16 ? 0x0000ffffu : 0xffffffffu;
                     g.sync_warp(mask);
                 });
}

TEST(planted, warp_mask_different_lines) {
    const unsigned here = __LINE__;
    const auto body = [](const Group& g) {
        if (g.lane() == 4) {
            g.warp_sum(1.0f);
        } else {
            g.warp_sum(2.0f);
        }
    };
    expect_fault(FaultKind::warp_mask, {"warp_sum", line(here + 3), line(here + 5)},
                 {.kernel = "lines", .threads = 32}, body);
}

TEST(planted, warp_mask_source_outside) {
    expect_fault(FaultKind::warp_mask, {"reads lane 20, which is not in it"},
                 {.kernel = "source", .threads = 32}, [](const Group& g) {
                     if (g.lane() < 16) {
                         g.shuffle(1, 20, 0x0000ffffu);
                     }
                 });
}

TEST(planted, warp_mask_lanes_that_do_not_exist) {
    expect_fault(FaultKind::warp_mask, {"the block has no lane 8 in this warp"},
                 {.kernel = "short", .threads = 40}, [](const Group& g) { g.warp_sum(1.0f); });
}

TEST(planted, warp_mask_lane_at_a_barrier) {
    const unsigned here = __LINE__;
    const auto body = [](const Group& g) {
        if (g.rank() != 7) {
            g.warp_sum(1.0f);
        }
        g.sync();
    };
    expect_fault(FaultKind::warp_mask, {line(here + 3), line(here + 5)},
                 {.kernel = "wait", .threads = 32}, body);
}

TEST(planted, warp_mask_lane_that_has_left) {
    expect_fault(FaultKind::warp_mask, {"the kernel"}, {.kernel = "gone", .threads = 32},
                 [](const Group& g) {
                     if (g.lane() != 30) {
                         g.warp_sum(1.0f);
                     }
                 });
}

/// Two networks' memory side by side in one allocation, as a kernel is given it.
class Networks {
  public:
    Networks() {
        register_memory(values_.data(), sizeof values_, "states");
        register_memory(values_.data(), sizeof values_ / 2, "network 0");
        register_memory(values_.data() + 8, sizeof values_ / 2, "network 1");
    }
    ~Networks() {
        forget_memory(values_.data());
        forget_memory(values_.data());
        forget_memory(values_.data() + 8);
    }
    float* of(int network) { return values_.data() + 8 * network; }

  private:
    std::array<float, 16> values_{};
};

TEST(planted, store_outside_block) {
    Networks networks;
    expect_fault(FaultKind::foreign_store, {"element 8 of a view of 8", "block 0"},
                 {.kernel = "store", .threads = 32}, [&](const Group& g) {
                     auto x = g.global(networks.of(g.block()), 8);
                     if (g.rank() <= 8) {
                         x[g.rank()] = 1.0f;
                     }
                 });
}

TEST(planted, view_across_networks) {
    Networks networks;
    expect_fault(FaultKind::foreign_store, {"36 bytes at byte 0 of 'network 1', which has 32"},
                 {.kernel = "wide"}, [&](const Group& g) { g.global(networks.of(1), 9); });
    expect_fault(FaultKind::foreign_store, {"64 bytes at byte 0 of 'network 0', which has 32"},
                 {.kernel = "both"}, [&](const Group& g) { g.global(networks.of(0), 16); });
    float stranger = 0.0f;
    expect_fault(FaultKind::foreign_store, {"nobody has registered"}, {.kernel = "stranger"},
                 [&](const Group& g) { g.global(&stranger, 1); });
}

TEST(planted, misaligned_load4) {
    expect_fault(FaultKind::misaligned, {"not a multiple of 16"},
                 {.kernel = "load", .threads = 1, .shared_bytes = 128}, [](const Group& g) {
                     auto x = g.shared<float>(0, 32);
                     for (int i = 0; i < 32; ++i) {
                         x[i] = 0.0f;
                     }
                     g.load4(x, 3);
                 });
}

TEST(planted, cluster_shared_before_the_cluster_met) {
    expect_fault(FaultKind::block_lifetime, {"may not have started"},
                 {.kernel = "early", .blocks = 2, .threads = 32, .shared_bytes = 4, .cluster = 2},
                 [](const Group& g) { g.cluster_shared<int>(1 - g.block(), 0, 1); });
}

TEST(planted, cluster_shared_after_the_block_left) {
    // No block waits for the other to finish reading; some schedules let it leave before.
    int found = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        set_schedule(seed);
        try {
            launch({.kernel = "late", .blocks = 2, .threads = 32, .shared_bytes = 4, .cluster = 2},
                   [](const Group& g) {
                       if (g.rank() == 0) {
                           g.shared<int>(0, 1)[0] = 1;
                       }
                       g.sync_cluster();
                       consume(g.cluster_shared<int>(1 - g.block(), 0, 1)[0]);
                   });
        } catch (const Fault& fault) {
            EXPECT_STREQ(name(fault.kind()), "block_lifetime") << fault.what();
            ++found;
        }
    }
    set_schedule(0);
    EXPECT_GT(found, 0);
}

TEST(planted, race_between_blocks_of_a_cluster) {
    expect_fault(FaultKind::race, {"of block "},
                 {.kernel = "pair", .blocks = 2, .threads = 32, .shared_bytes = 4, .cluster = 2},
                 [](const Group& g) {
                     if (g.rank() == 0) {
                         g.shared<int>(0, 1)[0] = 1;
                     }
                     g.sync_cluster();
                     if (g.rank() == 0) {
                         g.cluster_shared<int>(0, 0, 1)[0] += 1;  // both blocks
                     }
                     g.sync_cluster();
                 });
}

TEST(planted, wrong_launches) {
    const Body nothing = [](const Group&) {};
    expect_fault(FaultKind::bad_launch, {"2000 threads"}, {.kernel = "k", .threads = 2000},
                 nothing);
    expect_fault(FaultKind::bad_launch, {"shared memory"},
                 {.kernel = "k", .shared_bytes = 300 * 1024}, nothing);
    expect_fault(FaultKind::bad_launch, {"clusters of 2 in a grid of 3"},
                 {.kernel = "k", .blocks = 3, .cluster = 2}, nothing);
    expect_fault(FaultKind::bad_launch, {"not cooperative"}, {.kernel = "k"},
                 [](const Group& g) { g.sync_grid(); });
    expect_fault(FaultKind::bad_launch, {"launched by a kernel"}, {.kernel = "k"},
                 [&](const Group&) { launch({.kernel = "inner"}, nothing); });
}

}  // namespace
}  // namespace shoal::emu
