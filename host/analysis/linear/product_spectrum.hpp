// SPDX-License-Identifier: MIT
// Eigenvalues of long products of matrices, which are never multiplied out: their moduli may span
// more orders of magnitude than a number has digits, and fall below the smallest number.
#pragma once

#include <Eigen/Core>
#include <complex>
#include <vector>

namespace shoal {

/// What a product A of matrices makes of a frame Q: A Q = end factors[last] ... factors[0], with
/// orthonormal columns in `end` and upper triangular factors.
class CarriedFrame {
  public:
    /// A = I: Q itself.
    explicit CarriedFrame(Eigen::MatrixXd frame);

    const Eigen::MatrixXd& end() const { return end_; }
    const std::vector<Eigen::MatrixXd>& factors() const { return factors_; }
    /// A becomes B A, where `image` is B end().
    void extend(const Eigen::MatrixXd& image);
    /// factors[last] ... factors[0], multiplied out: right to the rounding of the largest column.
    Eigen::MatrixXd product() const;

  private:
    Eigen::MatrixXd end_;
    std::vector<Eigen::MatrixXd> factors_;
};

struct ProductEigenvalue {
    std::complex<double> value;  ///< 0 where it is smaller than numbers are
    double log_modulus = 0.0;    ///< -infinity where a factor does not tell it from 0
};

struct ProductSpectrum {
    /// By falling modulus, of conjugate pairs the one with im > 0 first: those of the leading
    /// subspaces of the frame that the product turns by less than `tolerance` radians.
    std::vector<ProductEigenvalue> eigenvalues;
    /// False: some moduli within a block of several span more digits than its product keeps.
    bool parted = false;
};

/// Eigenvalues of the product that carried the orthonormal `frame` into `carried`, each with a
/// small error relative to itself: by QR iteration on the factors towards their periodic Schur form
/// (Bojanczyk, Golub & Van Dooren 1992), which parts eigenvalues whose moduli differ; those that do
/// not part lie so close together that the product of their diagonal blocks, scaled, keeps their
/// digits.
ProductSpectrum product_spectrum(const Eigen::MatrixXd& frame, const CarriedFrame& carried,
                                 double tolerance);

}  // namespace shoal
