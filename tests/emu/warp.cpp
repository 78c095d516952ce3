// SPDX-License-Identifier: MIT
// Operations of a warp: one arrival per lane, the last one does the work for all.
#include <algorithm>
#include <bit>

#include "machine.hpp"

namespace shoal::emu {

namespace {

int lowest(unsigned mask) {
    return std::countr_zero(mask);
}

/// Whether all lanes of a mask wait with this mask; then they do so no more.
bool complete(Warp& warp, unsigned mask) {
    if ((warp.pending & mask) != mask) {
        return false;
    }
    for (unsigned left = mask; left != 0; left &= left - 1) {
        if (warp.mask[static_cast<std::size_t>(lowest(left))] != mask) {
            return false;  // that lane has another meeting first
        }
    }
    warp.pending &= ~mask;
    warp.claimed = 0;
    for (unsigned left = warp.pending; left != 0; left &= left - 1) {
        warp.claimed |= warp.mask[static_cast<std::size_t>(lowest(left))];
    }
    return true;
}

/// After sync_warp(mask), accesses of its lanes so far are before those from here on.
void order_lanes(Warp& warp, unsigned mask) {
    ++warp.tick;
    if (mask == warp.lanes) {
        warp.full_tick = warp.tick;
        return;
    }
    if (!warp.seen) {
        warp.seen = std::make_unique<Warp::Seen>();
    }
    if (!warp.seen_used) {
        *warp.seen = {};
        warp.seen_used = true;
    }
    std::array<std::uint32_t, cuda::warp_size> all{};
    for (std::size_t lane = 0; lane < all.size(); ++lane) {
        if ((mask >> lane & 1) != 0) {
            for (std::size_t i = 0; i < all.size(); ++i) {
                all[i] = std::max(all[i], (*warp.seen)[lane][i]);
            }
        }
    }
    for (std::size_t lane = 0; lane < all.size(); ++lane) {
        if ((mask >> lane & 1) != 0) {
            all[lane] = warp.tick;
        }
    }
    for (std::size_t lane = 0; lane < all.size(); ++lane) {
        if ((mask >> lane & 1) != 0) {
            (*warp.seen)[lane] = all;
        }
    }
}

}  // namespace

[[gnu::always_inline]] inline std::uint64_t Machine::warp_step(
    Thread& thread, Step step, unsigned mask, std::source_location where, std::uint64_t value,
    int source, void (*combine)(machine::Lanes& values)) {
    Warp& warp = *thread.warp;
    const auto lane = static_cast<std::size_t>(thread.lane);
    const unsigned bit = 1u << lane;
    const auto refuse = [&](const std::string& why) {
        fail(FaultKind::warp_mask, thread,
             std::string(name(step)) + " (" + line_of(where) + ") with mask " + hex(mask) + ": " +
                 why);
    };
    if ((mask & bit) == 0) {
        refuse("its own lane " + std::to_string(lane) + " is not in it");
    }
    if ((mask & ~warp.lanes) != 0) {
        refuse("the block has no lane " + std::to_string(lowest(mask & ~warp.lanes)) +
               " in this warp");
    }
    if ((mask & warp.done) != 0) {
        refuse("lane " + std::to_string(lowest(mask & warp.done)) + " has left the kernel");
    }
    if ((mask & warp.at_barrier) != 0) {
        refuse("waits for " + waiting(*warp.threads[lowest(mask & warp.at_barrier)]));
    }
    if (source < 0 || source >= cuda::warp_size || (mask >> source & 1) == 0) {
        refuse("reads lane " + std::to_string(source) + ", which is not in it");
    }
    void* place = warp.sync_point[static_cast<std::size_t>(lowest(mask))].place();
    if ((warp.claimed & bit) != 0) {
        for (unsigned left = warp.pending & mask; left != 0; left &= left - 1) {
            const auto other = static_cast<std::size_t>(lowest(left));
            if ((warp.mask[other] & bit) == 0) {
                continue;  // meets others first
            }
            const Thread& first = *warp.threads[other];
            if (warp.mask[other] != mask || first.step != step || !same_line(first.where, where)) {
                refuse("meets " + waiting(first));
            }
            place = warp.place[other];
            break;
        }
    }

    thread.step = step;
    thread.where = where;
    warp.mask[lane] = mask;
    warp.source[lane] = source;
    warp.value[lane] = value;
    warp.place[lane] = place;
    warp.pending |= bit;
    warp.claimed |= mask;
    if (step == Step::sync_warp) {
        SyncPoint::release(place);
    }
    if (complete(warp, mask)) {
        if (combine != nullptr) {
            combine(warp.value);
        } else if (step == Step::sync_warp) {
            order_lanes(warp, mask);
            warp.sync_point[static_cast<std::size_t>(lowest(mask))].pass();
        } else {
            machine::Lanes given;
            std::copy(std::begin(warp.value), std::end(warp.value), given);
            for (unsigned left = mask; left != 0; left &= left - 1) {
                const auto i = static_cast<std::size_t>(lowest(left));
                warp.value[i] = given[warp.source[i]];
            }
        }
        for (unsigned left = mask; left != 0; left &= left - 1) {
            make_ready(*warp.threads[lowest(left)]);
        }
    }
    wait(thread);
    if (step == Step::sync_warp) {
        SyncPoint::acquire(place);
        thread.passed = step;
        thread.passed_where = where;
    }
    return warp.value[lane];
}

namespace machine {

std::uint64_t warp_step(Thread& thread, Step step, unsigned mask, std::source_location where,
                        std::uint64_t value, int source, void (*combine)(Lanes& values)) {
    return thread.machine->warp_step(thread, step, mask, where, value, source, combine);
}

namespace {

/// d += a b of 16 x 8 x depth, operands as words of depth / 8 values. Who holds what: PTX ISA,
/// "Matrix fragments for mma.m16n8k8", .tf32; words of m16n8k16 stand as its values do.
template <class Word, int depth, class Value>
void multiply_tile(Lanes& operands, Value value) {
    constexpr int width = depth / 8;
    float a[16][depth];
    float b[depth][8];
    for (int lane = 0; lane < cuda::warp_size; ++lane) {
        const auto& has = *unpack<const TileOperands<Word>*>(operands[lane]);
        const int group = lane / 4;
        const int in_group = lane % 4;
        for (int part = 0; part < width; ++part) {
            for (int i = 0; i < 4; ++i) {
                a[group + i % 2 * 8][(in_group + i / 2 * 4) * width + part] = value(has.a[i], part);
            }
            for (int i = 0; i < 2; ++i) {
                b[(in_group + i * 4) * width + part][group] = value(has.b[i], part);
            }
        }
    }
    for (int lane = 0; lane < cuda::warp_size; ++lane) {
        const auto& has = *unpack<const TileOperands<Word>*>(operands[lane]);
        for (int i = 0; i < 4; ++i) {
            const int row = lane / 4 + i / 2 * 8;
            const int column = lane % 4 * 2 + i % 2;
            for (int k = 0; k < depth; ++k) {
                has.d[i] += a[row][k] * b[k][column];
            }
        }
    }
}

}  // namespace

void multiply_tf32(Lanes& operands) {
    multiply_tile<float, 8>(operands, [](float x, int) {
        return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) & 0xffffe000u);
    });
}

void multiply_bf16(Lanes& operands) {
    multiply_tile<std::uint32_t, 16>(operands, [](std::uint32_t pair, int part) {
        return std::bit_cast<float>(part == 0 ? pair << 16 : pair & 0xffff0000u);
    });
}

}  // namespace machine

}  // namespace shoal::emu
