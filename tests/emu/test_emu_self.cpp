// SPDX-License-Identifier: MIT
// What emulated kernels compute, under many schedules.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "emulator.hpp"

namespace shoal::emu {
namespace {

constexpr std::uint64_t seeds = 50;

template <class F>
void under_all_schedules(F f) {
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        SCOPED_TRACE("schedule " + std::to_string(seed));
        set_schedule(seed);
        f();
    }
    set_schedule(0);
}

/// Numbers with all bits of a float in use, the same in every run.
float number(int i) {
    return static_cast<float>(1 + i % 5 * 1000) / static_cast<float>(3 + i);
}

/// Device memory for one test.
template <class T>
class Memory {
  public:
    explicit Memory(std::size_t count) : values_(count) {
        register_memory(values_.data(), count * sizeof(T), "memory");
    }
    ~Memory() { forget_memory(values_.data()); }
    T* data() { return values_.data(); }
    std::size_t size() const { return values_.size(); }
    const std::vector<T>& values() const { return values_; }

  private:
    std::vector<T> values_;
};

TEST(emulator, every_thread_runs_once_and_knows_its_place) {
    std::vector<std::atomic<int>> runs(5 * 70);
    launch({.kernel = "place", .blocks = 5, .threads = 70}, [&](const Group& g) {
        EXPECT_EQ(g.size(), 70);
        EXPECT_EQ(g.blocks(), 5);
        EXPECT_EQ(g.warps(), 3);
        EXPECT_EQ(g.lane(), g.rank() % 32);
        EXPECT_EQ(g.warp(), g.rank() / 32);
        ++runs[static_cast<std::size_t>(g.block() * 70 + g.rank())];
    });
    for (const auto& run : runs) {
        EXPECT_EQ(run, 1);
    }
}

/// The sum of 100 numbers in a tree through shared memory, by 100 threads.
float tree_sum(int blocks) {
    Memory<float> result(static_cast<std::size_t>(blocks));
    launch({.kernel = "tree", .blocks = blocks, .threads = 100, .shared_bytes = 400},
           [&](const Group& g) {
               auto x = g.shared<float>(0, 100);
               x[g.rank()] = number(g.rank());
               g.sync();
               for (int width = 64; width > 0; width /= 2) {
                   if (g.rank() < width && g.rank() + width < g.size()) {
                       x[g.rank()] += x[g.rank() + width];
                   }
                   g.sync();
               }
               if (g.rank() == 0) {
                   g.global(result.data(), result.size())[g.block()] = x[0];
               }
           });
    for (const float sum : result.values()) {
        EXPECT_EQ(sum, result.values()[0]);
    }
    return result.values()[0];
}

TEST(emulator, the_same_bits_under_every_schedule) {
    const float once = tree_sum(3);
    EXPECT_NE(once, 0.0f);
    under_all_schedules([&] { EXPECT_EQ(tree_sum(3), once); });
}

/// Who ran when, counted over two stretches with a barrier between.
std::vector<int> order_of_threads(std::uint64_t seed) {
    set_schedule(seed);
    std::vector<int> order(2 * 64);
    std::atomic<std::size_t> turn{0};
    launch({.kernel = "order", .threads = 64}, [&](const Group& g) {
        order[turn++] = g.rank();
        g.sync();
        order[turn++] = g.rank();
    });
    set_schedule(0);
    return order;
}

TEST(emulator, schedules_differ_before_and_after_barriers) {
    std::set<std::vector<int>> starts;
    std::set<std::vector<int>> ends;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        const std::vector<int> order = order_of_threads(seed);
        EXPECT_EQ(order, order_of_threads(seed)) << "a schedule must be repeatable";
        std::vector<int> sorted = order;
        std::sort(sorted.begin(), sorted.begin() + 64);
        std::sort(sorted.begin() + 64, sorted.end());
        for (int i = 0; i < 64; ++i) {
            EXPECT_EQ(sorted[static_cast<std::size_t>(i)], i) << "the barrier holds";
            EXPECT_EQ(sorted[static_cast<std::size_t>(64 + i)], i);
        }
        starts.insert({order.begin(), order.begin() + 64});
        ends.insert({order.begin() + 64, order.end()});
    }
    EXPECT_EQ(starts.size(), seeds);
    EXPECT_EQ(ends.size(), seeds);
    const std::vector<int> in_turn = order_of_threads(0);
    EXPECT_TRUE(std::is_sorted(in_turn.begin(), in_turn.begin() + 64));
    EXPECT_TRUE(std::is_sorted(in_turn.begin() + 64, in_turn.end()));
}

TEST(emulator, schedules_differ_in_the_order_of_blocks) {
    std::set<std::vector<int>> orders;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        set_schedule(seed);
        std::vector<int> order(16);
        std::atomic<std::size_t> turn{0};
        launch({.kernel = "blocks", .blocks = 16, .threads = 1},
               [&](const Group& g) { order[turn++] = g.block(); });
        orders.insert(order);
    }
    set_schedule(0);
    EXPECT_EQ(orders.size(), seeds);
}

TEST(emulator, warp_sum_is_the_butterfly) {
    std::array<float, 32> expected;
    for (int i = 0; i < 32; ++i) {
        expected[static_cast<std::size_t>(i)] = number(i);
    }
    for (std::size_t distance : {16, 8, 4, 2, 1}) {
        std::array<float, 32> next;
        for (std::size_t i = 0; i < 32; ++i) {
            next[i] = expected[i] + expected[i ^ distance];
        }
        expected = next;
    }
    float in_order = 0.0f;
    for (int i = 0; i < 32; ++i) {
        in_order += number(i);
    }
    ASSERT_NE(in_order, expected[0]) << "the numbers must tell the orders of addition apart";
    under_all_schedules([&] {
        launch({.kernel = "sum", .threads = 64}, [&](const Group& g) {
            EXPECT_EQ(g.warp_sum(number(g.lane())), expected[0]);
            EXPECT_EQ(g.warp_sum(g.rank()), g.warp() == 0 ? 31 * 16 : 31 * 16 + 32 * 32);
            EXPECT_EQ(g.warp_sum(static_cast<double>(g.lane()) + 0.25), 31 * 16 + 8.0);
            float by_hand = number(g.lane());
            for (int distance = 16; distance > 0; distance /= 2) {
                by_hand += g.shuffle_xor(by_hand, distance);
            }
            EXPECT_EQ(by_hand, expected[0]);
        });
    });
}

TEST(emulator, shuffles) {
    under_all_schedules([] {
        launch({.kernel = "shuffle", .threads = 96}, [](const Group& g) {
            EXPECT_EQ(g.shuffle(g.rank(), 5), 32 * g.warp() + 5);
            EXPECT_EQ(g.shuffle(g.rank(), 31 - g.lane()), 32 * g.warp() + 31 - g.lane());
            const std::int64_t wide = (std::int64_t{1} << 40) + g.lane();
            EXPECT_EQ(g.shuffle_xor(wide, 3), (std::int64_t{1} << 40) + (g.lane() ^ 3));
            // Each half by itself, in opposite orders.
            const unsigned half = g.lane() < 16 ? 0x0000ffffu : 0xffff0000u;
            const int first = g.lane() < 16 ? 0 : 16;
            EXPECT_EQ(g.shuffle(2.5 * g.lane(), first + 7, half), 2.5 * (first + 7));
            if (g.lane() % 2 == 0) {
                EXPECT_EQ(g.shuffle(g.lane(), (g.lane() + 2) % 32, 0x55555555u),
                          (g.lane() + 2) % 32);
            }
        });
    });
}

TEST(emulator, any_is_heard_by_all) {
    under_all_schedules([] {
        launch({.kernel = "any", .threads = 50}, [](const Group& g) {
            for (int i = 0; i < 100; ++i) {
                EXPECT_EQ(g.any(g.rank() == i), i < 50);
            }
        });
    });
}

TEST(emulator, warp_barriers_order_memory) {
    under_all_schedules([] {
        launch({.kernel = "lanes", .threads = 64, .shared_bytes = 256}, [](const Group& g) {
            auto x = g.shared<float>(0, 64);
            const int neighbour = g.rank() ^ 1;
            for (int i = 0; i < 5; ++i) {
                x[g.rank()] = static_cast<float>(g.rank() + i);
                g.sync_warp();
                const float y = x[neighbour];
                EXPECT_EQ(y, static_cast<float>(neighbour + i));
                g.sync_warp(3u << (g.lane() & ~1));  // only the pair
            }
        });
    });
}

TEST(emulator, warp_barriers_of_parts_order_memory_through_a_lane_of_both) {
    under_all_schedules([] {
        launch({.kernel = "chain", .threads = 3, .shared_bytes = 4}, [](const Group& g) {
            auto x = g.shared<int>(0, 1);
            if (g.lane() == 0) {
                x[0] = 7;
            }
            if (g.lane() <= 1) {
                g.sync_warp(0b011u);
            }
            if (g.lane() >= 1) {
                g.sync_warp(0b110u);
            }
            if (g.lane() == 2) {
                const int y = x[0];
                EXPECT_EQ(y, 7);
            }
        });
    });
}

TEST(emulator, bytes_of_one_word_belong_to_four_threads) {
    under_all_schedules([] {
        launch({.kernel = "bytes", .threads = 32, .shared_bytes = 32}, [](const Group& g) {
            auto x = g.shared<std::uint8_t>(0, 32);
            x[g.rank()] = static_cast<std::uint8_t>(g.rank());
            const int mine = x[g.rank()];
            EXPECT_EQ(mine, g.rank());
            g.sync();
            const int other = x[31 - g.rank()];
            EXPECT_EQ(other, 31 - g.rank());
        });
    });
}

/// d + a b with operands cut to tf32, in the order of k.
std::vector<float> plain_tile(const std::vector<float>& a, const std::vector<float>& b,
                              std::vector<float> d) {
    const auto cut = [](float x) {
        return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) >> 13 << 13);
    };
    for (std::size_t row = 0; row < 16; ++row) {
        for (std::size_t column = 0; column < 8; ++column) {
            for (std::size_t k = 0; k < 8; ++k) {
                d[row * 8 + column] += cut(a[row * 8 + k]) * cut(b[k * 8 + column]);
            }
        }
    }
    return d;
}

TEST(emulator, multiply_tf32_is_a_matrix_product) {
    std::vector<float> a(16 * 8);
    std::vector<float> b(8 * 8);
    std::vector<float> c(16 * 8);
    for (std::size_t i = 0; i < a.size(); ++i) {
        a[i] = number(static_cast<int>(i));
        c[i] = number(static_cast<int>(i) + 500);
    }
    for (std::size_t i = 0; i < b.size(); ++i) {
        b[i] = number(static_cast<int>(i) + 1000);
    }
    under_all_schedules([&] {
        std::vector<float> result(16 * 8);
        launch({.kernel = "tile"}, [&](const Group& g) {
            const auto group = static_cast<std::size_t>(g.lane() / 4);
            const auto in_group = static_cast<std::size_t>(g.lane() % 4);
            const float a_part[4] = {a[group * 8 + in_group], a[(group + 8) * 8 + in_group],
                                     a[group * 8 + in_group + 4],
                                     a[(group + 8) * 8 + in_group + 4]};
            const float b_part[2] = {b[in_group * 8 + group], b[(in_group + 4) * 8 + group]};
            const std::size_t upper = group * 8 + in_group * 2;
            const std::size_t lower = upper + 64;
            float d[4] = {c[upper], c[upper + 1], c[lower], c[lower + 1]};
            g.multiply_tf32(d, a_part, b_part);
            result[upper] = d[0];
            result[upper + 1] = d[1];
            result[lower] = d[2];
            result[lower + 1] = d[3];
        });
        EXPECT_EQ(result, plain_tile(a, b, c));
    });
}

/// Pairs of small integers, which bf16 holds: exact, whatever the order of the sum.
TEST(emulator, multiply_bf16_is_a_matrix_product) {
    const auto value = [](std::size_t i) {
        return static_cast<float>(static_cast<int>(i * 7 % 23) - 11);
    };
    const auto pair = [](float low, float high) {
        return std::bit_cast<std::uint32_t>(low) >> 16 |
               (std::bit_cast<std::uint32_t>(high) & 0xffff0000u);
    };
    const auto a = [&](std::size_t row, std::size_t k) { return value(row * 16 + k); };
    const auto b = [&](std::size_t k, std::size_t column) { return value(1000 + k * 8 + column); };
    under_all_schedules([&] {
        std::vector<float> result(16 * 8);
        launch({.kernel = "tile"}, [&](const Group& g) {
            const auto group = static_cast<std::size_t>(g.lane() / 4);
            const auto k = static_cast<std::size_t>(g.lane() % 4) * 2;
            const std::uint32_t a_part[4] = {pair(a(group, k), a(group, k + 1)),
                                             pair(a(group + 8, k), a(group + 8, k + 1)),
                                             pair(a(group, k + 8), a(group, k + 9)),
                                             pair(a(group + 8, k + 8), a(group + 8, k + 9))};
            const std::uint32_t b_part[2] = {pair(b(k, group), b(k + 1, group)),
                                             pair(b(k + 8, group), b(k + 9, group))};
            float d[4] = {1, 2, 3, 4};
            g.multiply_bf16(d, a_part, b_part);
            for (std::size_t i = 0; i < 4; ++i) {
                result[(group + i / 2 * 8) * 8 + k + i % 2] = d[i] - static_cast<float>(i + 1);
            }
        });
        for (std::size_t row = 0; row < 16; ++row) {
            for (std::size_t column = 0; column < 8; ++column) {
                float want = 0;
                for (std::size_t i = 0; i < 16; ++i) {
                    want += a(row, i) * b(i, column);
                }
                EXPECT_EQ(result[row * 8 + column], want) << row << " " << column;
            }
        }
    });
}

TEST(emulator, copy16_copies_and_wants_alignment) {
    Memory<float> values(8);
    for (int i = 0; i < 8; ++i) {
        values.data()[i] = static_cast<float>(i);
    }
    const auto copy_from = [&](int first) {
        float got = 0;
        launch({.kernel = "copy", .threads = 1, .shared_bytes = 16}, [&](const Group& g) {
            const auto to = g.shared<float>(0, 4);
            g.copy16(to, g.global(static_cast<const float*>(values.data()), 8) + first);
            g.wait_copies();
            got = to[3];
        });
        return got;
    };
    EXPECT_EQ(copy_from(4), 7.0f);
    EXPECT_THROW(copy_from(1), Fault);
}

TEST(emulator, grid_barrier) {
    constexpr int blocks = 7;
    under_all_schedules([] {
        Memory<int> values(blocks);
        launch({.kernel = "ring", .blocks = blocks, .threads = 40, .cooperative = true},
               [&](const Group& g) {
                   auto x = g.global(values.data(), blocks);
                   for (int i = 0; i < 4; ++i) {
                       if (g.rank() == 33) {
                           x[g.block()] = 10 * i + g.block();
                       }
                       g.sync_grid();
                       const int next = (g.block() + 1) % blocks;
                       const int y = x[next];
                       EXPECT_EQ(y, 10 * i + next);
                       g.sync_grid();
                   }
               });
    });
}

TEST(emulator, cluster_barrier_and_shared_memory_of_other_blocks) {
    for (const bool cooperative : {false, true}) {
        under_all_schedules([&] {
            launch({.kernel = "cluster",
                    .blocks = 8,
                    .threads = 32,
                    .shared_bytes = 128,
                    .cooperative = cooperative,
                    .cluster = 4},
                   [](const Group& g) {
                       auto mine = g.shared<int>(0, 32);
                       mine[g.rank()] = 100 * g.block() + g.rank();
                       g.sync_cluster();
                       const int next = (g.block() + 1) % 4;
                       const int y = g.cluster_shared<int>(next, 0, 32)[31 - g.rank()];
                       EXPECT_EQ(y, 100 * (g.block() / 4 * 4 + next) + 31 - g.rank());
                       g.sync_cluster();
                       mine[g.rank()] = 0;
                   });
        });
    }
}

TEST(emulator, views_do_what_pointers_do) {
    Memory<float> memory(16);
    const auto body = [&](const Group& g) {
        View<float> none;
        EXPECT_FALSE(none);
        EXPECT_TRUE(none == nullptr);
        none = g.global(static_cast<float*>(nullptr), 0);
        EXPECT_FALSE(none);
        View<float> x = g.global(memory.data(), 16);
        for (int i = 0; i < 16; ++i) {
            x[i] = static_cast<float>(i);
        }
        x[2] += 0.5f;
        x[3] -= 1.0f;
        x[4] *= 2.0f;
        x[5] = x[6] = x[7];
        const View<const float> y = x + 2;
        EXPECT_EQ(y[0] + y[1] * y[2], 2.5f + 2.0f * 8.0f);
        EXPECT_EQ(x[5] + x[6], 14.0f);
        EXPECT_EQ(*(y + 2), 8.0f);
        EXPECT_EQ((x + 5) - x, 5);
        EXPECT_EQ(y[-2], 0.0f);
        const cuda::Four four = g.load4(x, 8);
        EXPECT_EQ(four.v[0] + four.v[3], 19.0f);
        EXPECT_EQ(g.load4(y, 6).v[1], 9.0f);
    };
    launch({.kernel = "views", .threads = 1}, body);
}

TEST(emulator, a_failed_launch_leaves_nothing_behind) {
    std::atomic<int> unwound = 0;
    struct Count {
        std::atomic<int>& count;
        ~Count() { ++count; }
    };
    EXPECT_THROW(launch({.kernel = "throws", .blocks = 2, .threads = 64},
                        [&](const Group& g) {
                            const Count on_leaving{unwound};
                            g.sync();
                            if (g.rank() == 40) {
                                throw std::runtime_error("from the body");
                            }
                            g.sync();
                        }),
                 std::runtime_error);
    EXPECT_EQ(unwound, 64) << "every thread that had started is unwound, of one block only";
    tree_sum(1);
}

TEST(emulator, host_threads_launch_at_the_same_time) {
    const float expected = tree_sum(1);
    std::vector<float> results(4);
    std::vector<std::thread> threads;
    for (float& result : results) {
        threads.emplace_back([&result] { result = tree_sum(2); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(results, std::vector<float>(4, expected));
}

}  // namespace
}  // namespace shoal::emu
