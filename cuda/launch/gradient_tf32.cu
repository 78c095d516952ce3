// SPDX-License-Identifier: MIT
#include "launch/launch_kernel.cuh"

namespace shoal::cuda {

template void launch(const operation::GradientForward<SmallGradient<Tf32>>&, LaunchShape, Stream&);
template void launch(const operation::GradientBackward<SmallGradient<Tf32>>&, LaunchShape, Stream&);
template void launch(const operation::GradientForward<MediumGradient<Tf32>>&, LaunchShape, Stream&);
template void launch(const operation::GradientBackward<MediumGradient<Tf32>>&, LaunchShape,
                     Stream&);
template void launch(const operation::GradientForward<LargeGradient<Tf32>>&, LaunchShape, Stream&);
template void launch(const operation::GradientBackward<LargeGradient<Tf32>>&, LaunchShape, Stream&);
template void launch(const operation::GradientForward<HugeGradient<Tf32>>&, LaunchShape, Stream&);
template void launch(const operation::GradientBackward<HugeGradient<Tf32>>&, LaunchShape, Stream&);
template void launch(const operation::GradientOuter<LargeGradient<Tf32>>&, LaunchShape, Stream&);
template void launch(const operation::GradientOuter<HugeGradient<Tf32>>&, LaunchShape, Stream&);

}  // namespace shoal::cuda
