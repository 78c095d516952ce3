// SPDX-License-Identifier: MIT
// The shared memory of one block that simulates conditions of one network on chip.
#pragma once

#include "core/qualifiers.hpp"
#include "support/group.hpp"

namespace shoal::cuda {

/// Byte offsets of the parts, and how many bytes they take together, for up to `conditions`
/// conditions.
struct SimulationSharedPlan {
    int rates;     ///< float [2][condition][columns]: r, double-buffered, zero beyond the units
    int state;     ///< float [condition][unit]: x
    int readout;   ///< float [output][unit]
    int feedback;  ///< float [output][unit]
    int input;     ///< float [input][unit]
    int output;    ///< float [condition][output]: z
    int drive;     ///< float [condition][input]: u of the next step
    int sums;      ///< float [condition][outputs + 1][32]: partial sums of warps
    int diverged;  ///< int [condition][outputs + 1]: first step at which an output, or the state,
                   ///< left the range
    int bytes;

    SHOAL_HD SimulationSharedPlan(int units, int inputs, int outputs, int columns, int conditions) {
        int at = 0;
        const auto place = [&at](int numbers) {
            const int here = at;
            at += (numbers * 4 + 15) / 16 * 16;
            return here;
        };
        rates = place(2 * conditions * columns);
        state = place(conditions * units);
        readout = place(outputs * units);
        feedback = place(outputs * units);
        input = place(inputs * units);
        output = place(conditions * outputs);
        drive = place(conditions * inputs);
        sums = place(conditions * (outputs + 1) * warp_size);
        diverged = place(conditions * (outputs + 1));
        bytes = at;
    }
};

}  // namespace shoal::cuda
