// SPDX-License-Identifier: MIT
// One recurrent network as every backend sees it (host/MATHEMATICS.md, A.2):
//
//   a(t)  = gain J r(t) + feedback z(t) + input u(t) + bias
//   current:  x(t+1) = x(t) + dt/tau (-x(t) + a(t)),         r = tanh(x)
//   rate:     x(t+1) = x(t) + dt/tau (-x(t) + tanh(a(t))),   r = x
//   z(t+1) = readout r(t+1)
// Index order of matrices is [to, from]: a_to += J[to, from] r_from.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "config/spec.hpp"

namespace shoal {

/// A recurrent matrix that is written out row by row when somebody needs it, so that a matrix
/// shared by many networks (or drawn from the counter-based generator) is stored once, by the
/// backend.
class RecurrentMatrix {
  public:
    virtual ~RecurrentMatrix() = default;
    virtual int units() const = 0;
    /// Writes row `to` (all weights into unit `to`) into out[units].
    virtual void row(int to, std::span<double> out) const = 0;
};

/// Shape and weights of one network before training (or of a finished one to simulate).
struct NetworkModel {
    std::string uid;  ///< for messages
    int units = 0;
    int inputs = 0;
    int outputs = 0;
    Cell cell{};
    double tau = 1.0;
    double dt = 0.1;
    double gain = 1.0;                                 ///< multiplies the recurrent matrix
    std::shared_ptr<const RecurrentMatrix> recurrent;  ///< the same object = shared by networks
    std::vector<double> input;                         ///< [unit, input]
    std::vector<double> feedback;       ///< [unit, output]; empty: outputs are not fed back
    std::vector<double> readout;        ///< [output, unit]
    std::vector<double> bias;           ///< [unit]; empty: none
    std::vector<double> initial_state;  ///< [unit]
    /// The readout multiplies x in place of r. Backends know nothing of it: who has such a network
    /// simulated makes its outputs of its states.
    bool readout_of_states = false;
};

/// A matrix held in memory, row-major [to, from].
std::shared_ptr<const RecurrentMatrix> dense_matrix(int units, std::vector<double> values);

/// Random sparse matrix (host/MATHEMATICS.md, A.4): entries are nonzero with probability `density`,
/// then N(0, 1) / sqrt(density units); drawn from (key, recurrent_pattern) and (key,
/// recurrent_weight).
std::shared_ptr<const RecurrentMatrix> random_sparse_matrix(RandomKey key, int units,
                                                            double density);

/// Effective recurrent matrix W = gain J + feedback readout, [to, from], units x units: what stands
/// where W stands in the autonomous equation (host/MATHEMATICS.md, A.2).
std::vector<double> effective_matrix(const NetworkModel& model);

/// What `init: file` takes from a weights file.
struct InitialWeights {
    int networks = 0;
    int units = 0;
    int inputs = 0;                     ///< 0: no input matrix in the file
    int outputs = 0;                    ///< 0: no readout in the file
    std::vector<double> recurrent;      ///< [network, to, from]
    std::vector<double> input;          ///< [network, unit, input]
    std::vector<double> readout;        ///< [network, output, unit]
    std::vector<double> bias;           ///< [network, unit]; empty: none
    std::vector<double> initial_state;  ///< [network, unit]; empty: none
};
/// Reads a weights file; host/store has it (the model knows no file formats).
using WeightsLoader = std::function<InitialWeights(const std::string& path, ArrayOrder order)>;

/// Draws the networks of a population and shares what they share: networks of one factory whose
/// recurrent matrices are equal point to the same RecurrentMatrix.
class NetworkFactory {
  public:
    explicit NetworkFactory(WeightsLoader loader = {});
    ~NetworkFactory();
    /// The network of a spec before training (host/MATHEMATICS.md, A.4 and B.3), for a task of this
    /// shape. Under FORCE the readout starts at 0 and is fed back; under BPTT it is drawn,
    /// N(0, 1) readout_scale / sqrt(units), nothing is fed back and the state starts at 0. With
    /// init: file replicate r takes network r of the file; input weights, bias, initial state and,
    /// under BPTT, the readout come from it if it has them. FORCE fits a readout of its own (that
    /// of a network which FORCE trained is folded into the file's recurrent matrix).
    NetworkModel make(const NetworkSpec& spec, int inputs, int outputs);

  private:
    struct Cache;
    std::unique_ptr<Cache> cache_;
};

/// Text that is equal exactly for specs whose recurrent matrices are the same object of a factory.
std::string recurrent_identity(const NetworkSpec& spec);

}  // namespace shoal
