// SPDX-License-Identifier: MIT
// launch() for the emulated device: the same bodies, run by the emulator. Included by the units
// that instantiate it.
#pragma once

#include "core/error.hpp"
#include "emulator.hpp"
#include "launch/launch.hpp"
#include "runtime_emulated.hpp"

namespace shoal::cuda {

template <class Operation>
void launch(const Operation& operation, LaunchShape shape, Stream& stream) {
    if (shape.blocks == 0) {
        return;
    }
    check(shape.threads <= Operation::threads_at_most, "launch: more threads than the bounds say");
    check(shape.shared_bytes <= emu::emulated_limits().shared_per_block,
          "launch: more shared memory than the device has");
    emu::submit(stream.get(), [operation, shape] {
        emu::take_schedule_from_environment();
        emu::Launch how;
        how.kernel = Operation::name;
        how.blocks = shape.blocks;
        how.threads = shape.threads;
        how.shared_bytes = static_cast<std::size_t>(shape.shared_bytes);
        emu::launch(how, [&operation](const emu::Group& g) { operation(g); });
    });
}

}  // namespace shoal::cuda
