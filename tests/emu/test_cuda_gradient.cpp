// SPDX-License-Identifier: MIT
// Gradient training on the cuda backend against the reference in double, at sizes around warps,
// tiles and routes, in every arithmetic and with every option.
#include "emu/gradient_support.hpp"

namespace shoal {
namespace {

const bool registered = [] {
    for (const Precision precision : {Precision::fp32, Precision::tf32, Precision::bf16}) {
        for (const int units : {1, 2, 17, 32, 64, 100, 129, 256}) {
            add_test("gradient", size_name(units) + "_" + name_of(precision), [=] {
                for (const Cell cell : {Cell::current, Cell::rate}) {
                    GradientCase c;
                    c.units = units;
                    c.cell = cell;
                    c.batch = units < 64 ? 5 : 3;
                    c.steps = units < 64 ? 7 : 4;
                    expect_gradient_agrees(c, precision);
                }
            });
        }
    }
    return true;
}();

}  // namespace
}  // namespace shoal
