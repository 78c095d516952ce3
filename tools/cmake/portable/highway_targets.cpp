// SPDX-License-Identifier: MIT
// The choice of instruction set of Highway 1.0, whose library Debian has as a shared one only and
// whose headers declare these two functions. ShoalPortable.cmake links this in place of that
// library.
#include <hwy/targets.h>

namespace hwy {

int64_t SupportedTargets() {
    __builtin_cpu_init();
    const bool sse4 = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul") &&
                      __builtin_cpu_supports("aes");
    const bool avx2 = sse4 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                      __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
                      __builtin_cpu_supports("f16c") && __builtin_cpu_supports("lzcnt");
    const bool avx3 = avx2 && __builtin_cpu_supports("avx512f") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd");
    int64_t targets = HWY_SCALAR | HWY_EMU128;
    targets |= __builtin_cpu_supports("ssse3") ? HWY_SSSE3 : 0;
    targets |= sse4 ? HWY_SSE4 : 0;
    targets |= avx2 ? HWY_AVX2 : 0;
    targets |= avx3 ? HWY_AVX3 : 0;
    return targets;
}

ChosenTarget& GetChosenTarget() {
    static ChosenTarget chosen;
    return chosen;
}

}  // namespace hwy
