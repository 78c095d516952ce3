// SPDX-License-Identifier: MIT
#include "launch_emulated.hpp"

namespace shoal::cuda {

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
