// SPDX-License-Identifier: MIT
#include "launch/launch_kernel.cuh"

namespace shoal::cuda {

template void launch(const operation::GradientPack&, LaunchShape, Stream&);
template void launch(const operation::GradientUpdate&, LaunchShape, Stream&);
template void launch(const operation::GradientForward<SmallGradient<Fp32>>&, LaunchShape, Stream&);
template void launch(const operation::GradientBackward<SmallGradient<Fp32>>&, LaunchShape, Stream&);
template void launch(const operation::GradientForward<MediumGradient<Fp32>>&, LaunchShape, Stream&);
template void launch(const operation::GradientBackward<MediumGradient<Fp32>>&, LaunchShape,
                     Stream&);
template void launch(const operation::GradientForward<LargeGradient<Fp32>>&, LaunchShape, Stream&);
template void launch(const operation::GradientBackward<LargeGradient<Fp32>>&, LaunchShape, Stream&);
template void launch(const operation::GradientForward<HugeGradient<Fp32>>&, LaunchShape, Stream&);
template void launch(const operation::GradientBackward<HugeGradient<Fp32>>&, LaunchShape, Stream&);
template void launch(const operation::GradientOuter<LargeGradient<Fp32>>&, LaunchShape, Stream&);
template void launch(const operation::GradientOuter<HugeGradient<Fp32>>&, LaunchShape, Stream&);

}  // namespace shoal::cuda
