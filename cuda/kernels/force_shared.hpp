// SPDX-License-Identifier: MIT
// The shared memory of one block that trains one network on chip.
#pragma once

#include <cstddef>

#include "backend/readout_groups.hpp"
#include "core/qualifiers.hpp"
#include "support/group.hpp"

namespace shoal::cuda {

/// Byte offsets of the parts, and how many bytes they take together. Pure arithmetic, used by the
/// kernel and, on the host, by the launch policy.
struct ForceSharedPlan {
    int rates;       ///< float [2][columns]: r, double-buffered, zero beyond the units
    int readout;     ///< float [output][unit]
    int feedback;    ///< float [output][unit]
    int input;       ///< float [input][unit]
    int output;      ///< float [output]: z
    int drive;       ///< float [input]: u of the next step
    int sums;        ///< float [outputs + 1][32]: partial sums of warps
    int strips;      ///< float [blocks of 32 rows][padded]: partial P r
    int inverse;     ///< float [max_pending_updates]: 1 / c
    int projection;  ///< float [max_pending_updates]: k'r / c
    int p;           ///< float [unit (unit + 1) / 2]: lower triangle of the active P, rows packed
    int gains;       ///< float [max_pending_updates][padded]: k; only if they stand here
    int bytes;

    /// `columns`: of the tile. Gains may stand in device memory instead, where the block has
    /// little.
    SHOAL_HD ForceSharedPlan(int units, int inputs, int outputs, int columns, bool gains_here) {
        const int padded = padded_units(units);
        const int triangle = units * (units + 1) / 2;
        int at = 0;
        // Every part starts at a multiple of 16 bytes, for loads of four floats; P at one of 128,
        // so that its rows spread over the banks as least_squares.hpp counts on.
        const auto place = [&at](int floats) {
            const int here = at;
            at += (floats * 4 + 15) / 16 * 16;
            return here;
        };
        p = place(triangle);
        rates = place(2 * columns);
        readout = place(outputs * units);
        feedback = place(outputs * units);
        input = place(inputs * units);
        output = place(outputs);
        drive = place(inputs);
        sums = place((outputs + 1) * warp_size);
        strips = place(padded / warp_size * padded);
        inverse = place(max_pending_updates);
        projection = place(max_pending_updates);
        gains = gains_here ? place(max_pending_updates * padded) : -1;
        bytes = at;
    }

    /// Units rounded up to whole warps.
    SHOAL_HD static int padded_units(int units) {
        return (units + warp_size - 1) / warp_size * warp_size;
    }
};

}  // namespace shoal::cuda
