// SPDX-License-Identifier: MIT
// Counter-based random numbers, single source for host and device.
//
// Every draw is a pure function of (config seed, replicate, purpose, trial, step, index), never of
// a network's position, so networks that differ only in gain or scales see common random numbers.
// Generator: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC'11). Key = (seed, replicate), counter =
// (index / 4, step, trial, purpose); index % 4 picks the word.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "core/qualifiers.hpp"

namespace shoal {

/// What a draw is for. The numbers are part of the reproducibility contract: never renumber.
enum class Purpose : std::uint32_t {
    recurrent_pattern = 1,
    recurrent_weight = 2,
    feedback_weight = 3,
    input_weight = 4,
    initial_state = 5,
    trial_order = 6,
    training_stimulus = 7,
    conclusion_order = 8,
    conclusion_stimulus = 9,
    acceptance_stimulus = 10,
    rule_a_perturbation = 11,
    lyapunov_frame = 12,
    bootstrap = 13,
    example_stimulus = 14,
    bench = 15,
    test = 16,
    readout_weight = 17,
    init_radius = 18,
    init_angle = 19,
    low_rank_weight = 20,
    update_factor = 21,
    process_noise = 22,
    task_choice = 23,
    validation_trial = 25,
    search_start = 31,
    search_noise = 32,
    search_choice = 33,
    condition_stimulus = 40,
    stimulus_noise = 41,
    silenced_units = 42,
    signal_start = 58,
    signal_direction = 59,
    slow_mode_start = 60,
    head_direction_weight = 61,
    head_direction_noise = 62,
    head_direction_velocity = 63,
};

struct RandomKey {
    std::uint32_t seed = 0;
    std::uint32_t replicate = 0;
    bool operator==(const RandomKey&) const = default;
};

struct PhiloxWords {
    std::uint32_t word[4];
};

/// Ten rounds of Philox4x32.
SHOAL_HD inline PhiloxWords philox4x32(std::uint32_t key0, std::uint32_t key1, std::uint32_t c0,
                                       std::uint32_t c1, std::uint32_t c2, std::uint32_t c3) {
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t a = std::uint64_t{0xD2511F53u} * c0;
        const std::uint64_t b = std::uint64_t{0xCD9E8D57u} * c2;
        const auto a_hi = static_cast<std::uint32_t>(a >> 32);
        const auto b_hi = static_cast<std::uint32_t>(b >> 32);
        c0 = b_hi ^ c1 ^ key0;
        c1 = static_cast<std::uint32_t>(b);
        c2 = a_hi ^ c3 ^ key1;
        c3 = static_cast<std::uint32_t>(a);
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    return {{c0, c1, c2, c3}};
}

/// Words 4 * block ... 4 * block + 3 of one (purpose, trial, step) stream.
SHOAL_HD inline PhiloxWords random_block(RandomKey key, Purpose purpose, std::uint32_t trial,
                                         std::uint32_t step, std::uint32_t block) {
    return philox4x32(key.seed, key.replicate, block, step, trial,
                      static_cast<std::uint32_t>(purpose));
}

/// 32 uniform random bits.
SHOAL_HD inline std::uint32_t random_bits(RandomKey key, Purpose purpose, std::uint32_t trial,
                                          std::uint32_t step, std::uint32_t index) {
    return random_block(key, purpose, trial, step, index / 4).word[index % 4];
}

/// Uniform on the open interval (0, 1), symmetric about 1/2: (bits + 1/2) / 2^32, exact in double.
SHOAL_HD inline double uniform01(std::uint32_t bits) {
    return (static_cast<double>(bits) + 0.5) * 0x1p-32;
}

/// Uniform on {0, ..., n-1}, n >= 1, by multiply and shift; bias below n / 2^32.
SHOAL_HD inline std::uint32_t uniform_index(std::uint32_t bits, std::uint32_t n) {
    return static_cast<std::uint32_t>((std::uint64_t{bits} * n) >> 32);
}

/// Natural logarithm of a normal positive double, without libm: only exact operations and explicit
/// fma, so that every compiler and device gives the same bits. Error below 2 ulp.
SHOAL_HD double portable_log(double x);

/// Standard normal from 32 random bits by the inverse CDF (Wichura 1988, AS 241, PPND16; its third
/// branch, p < 1.4e-11, cannot be reached from 32 bits). Same bits on host and device.
SHOAL_HD double standard_normal(std::uint32_t bits);

/// A permutation of 0..n-1 (Fisher-Yates) keyed by (key, purpose).
std::vector<std::uint32_t> random_permutation(RandomKey key, Purpose purpose, std::uint32_t n);

// ---- definitions of the single-source functions -------------------------------------------------

SHOAL_HD inline double portable_log(double x) {
    // x = m 2^e with m in [sqrt(1/2), sqrt(2)); log m = 2 atanh(s), s = (m - 1) / (m + 1).
    std::uint64_t pattern = 0;
    memcpy(&pattern, &x, sizeof x);
    int e = static_cast<int>(pattern >> 52) - 1023;
    pattern = (pattern & 0x000FFFFFFFFFFFFFull) | 0x3FF0000000000000ull;
    double m = 0.0;
    memcpy(&m, &pattern, sizeof m);
    if (m > 1.4142135623730951) {
        m *= 0.5;
        ++e;
    }
    const double s = (m - 1.0) / (m + 1.0);
    const double s2 = s * s;  // at most 0.0295: the series below is exact to 1e-17
    double p = 1.0 / 21.0;
    p = fma(p, s2, 1.0 / 19.0);
    p = fma(p, s2, 1.0 / 17.0);
    p = fma(p, s2, 1.0 / 15.0);
    p = fma(p, s2, 1.0 / 13.0);
    p = fma(p, s2, 1.0 / 11.0);
    p = fma(p, s2, 1.0 / 9.0);
    p = fma(p, s2, 1.0 / 7.0);
    p = fma(p, s2, 1.0 / 5.0);
    p = fma(p, s2, 1.0 / 3.0);
    const double tail = s2 * p;
    const double log_m = fma(2.0 * s, tail, 2.0 * s);
    // ln 2 split so that e * hi is exact.
    const double ln2_hi = 6.93147180369123816490e-01;
    const double ln2_lo = 1.90821492927058770002e-10;
    const double k = static_cast<double>(e);
    return fma(k, ln2_hi, fma(k, ln2_lo, log_m));
}

SHOAL_HD inline double standard_normal(std::uint32_t bits) {
    const double p = uniform01(bits);
    const double q = p - 0.5;
    const double abs_q = q < 0.0 ? -q : q;
    double num = 0.0;
    double den = 0.0;
    if (abs_q <= 0.425) {
        const double r = fma(-q, q, 0.180625);
        num = 2.5090809287301226727e+3;
        num = fma(num, r, 3.3430575583588128105e+4);
        num = fma(num, r, 6.7265770927008700853e+4);
        num = fma(num, r, 4.5921953931549871457e+4);
        num = fma(num, r, 1.3731693765509461125e+4);
        num = fma(num, r, 1.9715909503065514427e+3);
        num = fma(num, r, 1.3314166789178437745e+2);
        num = fma(num, r, 3.3871328727963666080e+0);
        den = 5.2264952788528545610e+3;
        den = fma(den, r, 2.8729085735721942674e+4);
        den = fma(den, r, 3.9307895800092710610e+4);
        den = fma(den, r, 2.1213794301586595867e+4);
        den = fma(den, r, 5.3941960214247511077e+3);
        den = fma(den, r, 6.8718700749205790830e+2);
        den = fma(den, r, 4.2313330701600911252e+1);
        den = fma(den, r, 1.0);
        return q * (num / den);
    }
    const double tail = q < 0.0 ? p : 1.0 - p;  // exact: p has at most 33 significant bits
    const double r = sqrt(-portable_log(tail)) - 1.6;
    num = 7.74545014278341407640e-4;
    num = fma(num, r, 2.27238449892691845833e-2);
    num = fma(num, r, 2.41780725177450611770e-1);
    num = fma(num, r, 1.27045825245236838258e+0);
    num = fma(num, r, 3.64784832476320460504e+0);
    num = fma(num, r, 5.76949722146069140550e+0);
    num = fma(num, r, 4.63033784615654529590e+0);
    num = fma(num, r, 1.42343711074968357734e+0);
    den = 1.05075007164441684324e-9;
    den = fma(den, r, 5.47593808499534494600e-4);
    den = fma(den, r, 1.51986665636164571966e-2);
    den = fma(den, r, 1.48103976427480074590e-1);
    den = fma(den, r, 6.89767334985100004550e-1);
    den = fma(den, r, 1.67638483018380384940e+0);
    den = fma(den, r, 2.05319162663775882187e+0);
    den = fma(den, r, 1.0);
    const double z = num / den;
    return q < 0.0 ? -z : z;
}

}  // namespace shoal
