// SPDX-License-Identifier: MIT
#include "launch/launch_kernel.cuh"

namespace shoal::cuda {

template void launch(const operation::GradientForward<SmallGradient<Bf16>>&, LaunchShape, Stream&);
template void launch(const operation::GradientBackward<SmallGradient<Bf16>>&, LaunchShape, Stream&);
template void launch(const operation::GradientForward<MediumGradient<Bf16>>&, LaunchShape, Stream&);
template void launch(const operation::GradientBackward<MediumGradient<Bf16>>&, LaunchShape,
                     Stream&);
template void launch(const operation::GradientForward<LargeGradient<Bf16>>&, LaunchShape, Stream&);
template void launch(const operation::GradientBackward<LargeGradient<Bf16>>&, LaunchShape, Stream&);
template void launch(const operation::GradientForward<HugeGradient<Bf16>>&, LaunchShape, Stream&);
template void launch(const operation::GradientBackward<HugeGradient<Bf16>>&, LaunchShape, Stream&);
template void launch(const operation::GradientOuter<LargeGradient<Bf16>>&, LaunchShape, Stream&);
template void launch(const operation::GradientOuter<HugeGradient<Bf16>>&, LaunchShape, Stream&);

}  // namespace shoal::cuda
