// SPDX-License-Identifier: MIT
// Recurrent matrices before training (host/MATHEMATICS.md, A.4 and B.3). Row by row and with the
// same bits on every machine: no library function stands between the generator and a weight.
#pragma once

#include <memory>

#include "model/network.hpp"

namespace shoal {

/// Pairs of units 2i, 2i + 1 with the block alpha_i R(theta_i), R the rotation of the plane, zero
/// elsewhere. `units` is even. Each pair's (alpha, theta) is turning_pair() of one draw of
/// init_radius and one of init_angle, index i.
std::shared_ptr<const RecurrentMatrix> quasi_periodic_matrix(RandomKey key, int units);
/// The same with alpha = 1.5 and theta uniform on (pi / 21, pi / 3.8), by init_angle: pairs that
/// turn in continuous time.
std::shared_ptr<const RecurrentMatrix> quasi_periodic_flow_matrix(RandomKey key, int units);
/// Uniform over all orthogonal matrices (Haar measure): the Q of the QR decomposition, with a
/// positive diagonal of R, of a matrix of normals, draw number to * units + from of
/// recurrent_weight (Mezzadri, Notices AMS 2007).
std::shared_ptr<const RecurrentMatrix> orthogonal_matrix(RandomKey key, int units);
std::shared_ptr<const RecurrentMatrix> identity_matrix(int units);
/// Uniform on +- sqrt(6 / (units + units)) (Glorot & Bengio 2010), from recurrent_weight.
std::shared_ptr<const RecurrentMatrix> glorot_matrix(RandomKey key, int units);
/// gain J + rank_gain sum over k < rank of m_k m_k' / units, J as in random_sparse_matrix() and m_k
/// of N(0, 1), draw number k * units + unit of low_rank_weight (Mastrogiuseppe & Ostojic 2018, with
/// equal left and right vectors): for rank << units its outliers are near rank_gain.
std::shared_ptr<const RecurrentMatrix> low_rank_matrix(RandomKey key, int units, double gain,
                                                       double density, int rank, double rank_gain);

/// The matrix of any initialiser but file.
std::shared_ptr<const RecurrentMatrix> initial_matrix(const NetworkSpec& spec);

}  // namespace shoal
