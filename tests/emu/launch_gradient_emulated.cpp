// SPDX-License-Identifier: MIT
#include "launch_emulated.hpp"

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
