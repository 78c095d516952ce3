// SPDX-License-Identifier: MIT
#include "launch/launch_kernel.cuh"

namespace shoal::cuda {

template void launch(const operation::SimulateOnChip<Tile32>&, LaunchShape, Stream&);
template void launch(const operation::SimulateOnChip<Tile64>&, LaunchShape, Stream&);
template void launch(const operation::SimulateOnChip<Tile128>&, LaunchShape, Stream&);
template void launch(const operation::SimulateOnChip<Tile204>&, LaunchShape, Stream&);

}  // namespace shoal::cuda
