// SPDX-License-Identifier: MIT
// The slowest directions at a state: left and right eigenvectors of the slow part of a spectrum.
//
//   J r = lambda r,   l' J = lambda l',   |r| = 1,   l . r = sum over units of l_i r_i = 1
//
// A disturbance d at that state grows or decays along r as (l . d) exp(lambda t): r says what the
// network does in that mode, l what the mode listens to. An eigenvalue moves by at most
// |l| |r| / |l . r| times a change of J (Wilkinson 1965): its condition, 1 where J is normal.
//
// Slow is slower than a trial of duration T (ours, after the published 1/35 per tau): a real part
// above -1/T for a flow, a modulus above exp(-dt/T) for a map. The modes kept are the slow ones, at
// least the leading 3 eigenvalues and at most 16; the two of a conjugate pair are one mode.
//
// Eigenvectors come by inverse iteration on the Hessenberg form (as LAPACK's dhsein does it) from
// eigenvalues that are known already: for N = 200 and three modes about 6 ms, where the eigenvalues
// take 33 ms (tools/bench/spectra).
#pragma once

#include <Eigen/Core>

#include "analysis/dynamics/dynamics.hpp"
#include "analysis/dynamics/spectrum.hpp"
#include "model/network.hpp"
#include "records/manifold_records.hpp"

namespace shoal {

inline constexpr int least_slow_modes = 3;  ///< eigenvalues
inline constexpr int most_slow_modes = 16;  ///< eigenvalues

/// What the network's connections to the world look like in its state space, one column each.
///   current: readout diag(1 - r^2) W_out', inputs W_in, feedback F
///   rate:    readout W_out', inputs diag(1 - a^2) W_in, feedback diag(1 - a^2) F,
///            a = tanh(W h + c)
struct Couplings {
    Eigen::MatrixXd readout;   ///< [unit, output]: d z / d x
    Eigen::MatrixXd feedback;  ///< [unit, output]: d (tau dx/dt) / d z; no columns: not fed back
    Eigen::MatrixXd input;     ///< [unit, input]: d (tau dx/dt) / d u
};
Couplings couplings_at(const NetworkModel& model, const Dynamics& dynamics,
                       const Eigen::VectorXd& x);

/// Modes of a Jacobian whose spectrum is known. Alignments are left empty. Never throws on bad
/// numbers: without finite vectors there are no modes, and `limits` says so.
SlowModes slow_modes(const FlowJacobian& jacobian, const FlowSpectrum& spectrum, double trial_time);
SlowModes slow_modes(const MapJacobian& jacobian, const MapSpectrum& spectrum, double trial_time);

/// Modes of a network at a state, of the map or of the flow, as the dynamics are, with
/// alignments: |cosine| of the angle between a mode's vector (of a conjugate pair: the plane of its
/// real and imaginary part, smallest principal angle) and a column; 0 where the column is zero.
/// `flow` is the spectrum of the flow's Jacobian there.
SlowModes slow_modes_at(const NetworkModel& model, const Dynamics& dynamics,
                        const Eigen::VectorXd& x, const FlowSpectrum& flow, double trial_time);
/// The same, with the spectrum computed.
SlowModes slow_modes_at(const NetworkModel& model, const Dynamics& dynamics,
                        const Eigen::VectorXd& x, double trial_time);

}  // namespace shoal
