// SPDX-License-Identifier: MIT
// launch() for the emulated device: the same bodies, run by the emulator.
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

template void launch(const operation::TrainOnChip<Tile32>&, LaunchShape, Stream&);
template void launch(const operation::TrainOnChip<Tile64>&, LaunchShape, Stream&);
template void launch(const operation::TrainOnChip<Tile128>&, LaunchShape, Stream&);
template void launch(const operation::TrainOnChip<Tile204>&, LaunchShape, Stream&);
template void launch(const operation::SimulateOnChip<Tile32>&, LaunchShape, Stream&);
template void launch(const operation::SimulateOnChip<Tile64>&, LaunchShape, Stream&);
template void launch(const operation::SimulateOnChip<Tile128>&, LaunchShape, Stream&);
template void launch(const operation::SimulateOnChip<Tile204>&, LaunchShape, Stream&);
template void launch(const operation::DrawTrials<float>&, LaunchShape, Stream&);
template void launch(const operation::Multiply<float>&, LaunchShape, Stream&);
template void launch(const operation::BeginRun<float>&, LaunchShape, Stream&);
template void launch(const operation::Advance<float>&, LaunchShape, Stream&);
template void launch(const operation::Gain<float>&, LaunchShape, Stream&);
template void launch(const operation::Learn<float>&, LaunchShape, Stream&);
template void launch(const operation::Rewrite<float>&, LaunchShape, Stream&);
template void launch(const operation::BeginTrial<float>&, LaunchShape, Stream&);
template void launch(const operation::EndTrial<float>&, LaunchShape, Stream&);
template void launch(const operation::DrawTrials<double>&, LaunchShape, Stream&);
template void launch(const operation::Multiply<double>&, LaunchShape, Stream&);
template void launch(const operation::BeginRun<double>&, LaunchShape, Stream&);
template void launch(const operation::Advance<double>&, LaunchShape, Stream&);
template void launch(const operation::Gain<double>&, LaunchShape, Stream&);
template void launch(const operation::Learn<double>&, LaunchShape, Stream&);
template void launch(const operation::Rewrite<double>&, LaunchShape, Stream&);
template void launch(const operation::BeginTrial<double>&, LaunchShape, Stream&);
template void launch(const operation::EndTrial<double>&, LaunchShape, Stream&);

}  // namespace shoal::cuda
