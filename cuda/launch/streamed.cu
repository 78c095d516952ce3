// SPDX-License-Identifier: MIT
#include "launch/launch_kernel.cuh"

namespace shoal::cuda {

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
