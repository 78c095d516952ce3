// SPDX-License-Identifier: MIT
#include "launch/launch_kernel.cuh"

namespace shoal::cuda {

template void launch(const operation::TrainOnChip<Tile32>&, LaunchShape, Stream&);
template void launch(const operation::TrainOnChip<Tile64>&, LaunchShape, Stream&);
template void launch(const operation::TrainOnChip<Tile128>&, LaunchShape, Stream&);
template void launch(const operation::TrainOnChip<Tile204>&, LaunchShape, Stream&);

}  // namespace shoal::cuda
