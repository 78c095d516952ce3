// SPDX-License-Identifier: MIT
#include "analysis/linear/product_spectrum.hpp"

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <utility>

#include "analysis/linear/eigen_solvers.hpp"
#include "core/numbers.hpp"
#include "core/rounding.hpp"
#include "core/stop.hpp"

namespace shoal {

namespace {

constexpr int sweeps_limit = 200;
constexpr int last_sweeps = 2;   // each makes what is left smaller by the ratio of moduli
constexpr double parted = 1e-8;  // radians that two subspaces may still turn into another
const double joined_spread = std::log(1e6);  // of a factor: digits that further products cost
const double block_spread = std::log(1e4);   // of moduli that did not part

// frame = Q R.
std::pair<Eigen::MatrixXd, Eigen::MatrixXd> factorize(const Eigen::MatrixXd& frame) {
    const Eigen::HouseholderQR<Eigen::MatrixXd> qr(frame);
    return {qr.householderQ() * Eigen::MatrixXd::Identity(frame.rows(), frame.cols()),
            qr.matrixQR().topRows(frame.cols()).triangularView<Eigen::Upper>()};
}

// Logarithms of the diagonal; what rounding does not tell from 0 is 0.
Eigen::VectorXd diagonal_logs(const Eigen::MatrixXd& factor) {
    const double rounding =
        static_cast<double>(factor.rows()) * unit_roundoff * factor.cwiseAbs().maxCoeff();
    const Eigen::VectorXd sizes = factor.diagonal().cwiseAbs();
    return (sizes.array() > rounding).select(sizes.array().log(), -infinity);
}

double spread_of(const Eigen::VectorXd& logs) {
    return logs.maxCoeff() - logs.minCoeff();
}

class PeriodicIteration {
  public:
    PeriodicIteration(const Eigen::MatrixXd& frame, const CarriedFrame& carried)
        : factors_(carried.factors()), end_(identity(frame.cols())) {
        // Around the loop: the end of the frame in terms of its start, and what lies outside.
        factors_.push_back(frame.transpose() * carried.end());
        outside_ = carried.end() - frame * factors_.back();
    }

    ProductSpectrum spectrum(double tolerance);

  private:
    static Eigen::MatrixXd identity(Eigen::Index size) {
        return Eigen::MatrixXd::Identity(size, size);
    }
    void sweep();
    bool is_done() const;
    void take_block(Eigen::Index first, Eigen::Index count, ProductSpectrum& spectrum) const;

    std::vector<Eigen::MatrixXd> factors_;
    Eigen::MatrixXd outside_;
    Eigen::MatrixXd start_;               ///< rotation of the frame that the last sweep began with
    Eigen::MatrixXd last_;                ///< before the last factor
    Eigen::MatrixXd end_;                 ///< that it ended with
    Eigen::MatrixXd closing_;             ///< start' end: turns within blocks
    std::vector<Eigen::MatrixXd> upper_;  ///< the factors in the turned frames: triangular
    Eigen::VectorXd logs_;            ///< sums over factors of the logarithms of their diagonals
    std::vector<Eigen::Index> ends_;  ///< of the blocks that have parted
};

void PeriodicIteration::sweep() {
    const Eigen::Index width = end_.rows();
    start_ = end_;
    upper_.clear();
    logs_ = Eigen::VectorXd::Zero(width);
    for (const Eigen::MatrixXd& factor : factors_) {
        stop_point();
        last_ = end_;
        auto [q, r] = factorize(factor * last_);
        end_ = std::move(q);
        logs_ += diagonal_logs(r);
        upper_.push_back(std::move(r));
    }
    closing_ = start_.transpose() * end_;
    ends_.clear();
    for (Eigen::Index i = 1; i <= width; ++i) {
        if (closing_.bottomLeftCorner(width - i, i).norm() <= parted) {
            ends_.push_back(i);
        }
    }
}

bool PeriodicIteration::is_done() const {
    Eigen::Index first = 0;
    for (const Eigen::Index end : ends_) {
        if (!(spread_of(logs_.segment(first, end - first)) <= block_spread) &&
            std::isfinite(logs_.segment(first, end - first).maxCoeff())) {
            return false;
        }
        first = end;
    }
    return true;
}

void PeriodicIteration::take_block(Eigen::Index first, Eigen::Index count,
                                   ProductSpectrum& spectrum) const {
    if (!std::isfinite(logs_.segment(first, count).maxCoeff())) {
        spectrum.eigenvalues.resize(spectrum.eigenvalues.size() + static_cast<std::size_t>(count),
                                    {0.0, -infinity});
        return;
    }
    Eigen::MatrixXd product = identity(count);
    double scale = 0.0;  // logarithm
    for (const Eigen::MatrixXd& factor : upper_) {
        product = (factor.block(first, first, count, count) * product).eval();
        const double size = product.cwiseAbs().maxCoeff();
        product /= size;
        scale += std::log(size);
    }
    product = (closing_.block(first, first, count, count) * product).eval();
    const Eigen::EigenSolver<Eigen::MatrixXd> solver(product, false);
    if (solver.info() != Eigen::Success) {
        spectrum.parted = false;
        return;
    }
    for (const std::complex<double>& value : solver.eigenvalues()) {
        const double log_modulus = std::log(std::abs(value)) + scale;
        spectrum.eigenvalues.push_back(
            {std::polar(std::exp(log_modulus), std::arg(value)), log_modulus});
    }
}

ProductSpectrum PeriodicIteration::spectrum(double tolerance) {
    ProductSpectrum spectrum;
    int sweeps = 0;
    do {
        sweep();
    } while (!is_done() && ++sweeps < sweeps_limit);
    spectrum.parted = is_done();
    for (int i = 0; i < last_sweeps; ++i) {
        sweep();
    }
    const Eigen::VectorXd left = (outside_ * last_).colwise().squaredNorm();
    Eigen::Index first = 0;
    for (const Eigen::Index end : ends_) {
        if (left.head(end).sum() > tolerance * tolerance) {
            break;
        }
        take_block(first, end - first, spectrum);
        first = end;
    }
    // Conjugates stand side by side and have one modulus.
    std::stable_sort(spectrum.eigenvalues.begin(), spectrum.eigenvalues.end(),
                     [](const ProductEigenvalue& a, const ProductEigenvalue& b) {
                         return a.log_modulus > b.log_modulus;
                     });
    return spectrum;
}

}  // namespace

CarriedFrame::CarriedFrame(Eigen::MatrixXd frame) : end_(std::move(frame)) {}

void CarriedFrame::extend(const Eigen::MatrixXd& image) {
    auto [q, r] = factorize(image);
    end_ = std::move(q);
    if (!factors_.empty()) {
        const Eigen::MatrixXd joined = r * factors_.back();
        if (spread_of(diagonal_logs(joined)) <= joined_spread) {
            factors_.back() = joined;
            return;
        }
    }
    factors_.push_back(std::move(r));
}

Eigen::MatrixXd CarriedFrame::product() const {
    Eigen::MatrixXd product = Eigen::MatrixXd::Identity(end_.cols(), end_.cols());
    for (const Eigen::MatrixXd& factor : factors_) {
        product = (factor * product).eval();
    }
    return product;
}

ProductSpectrum product_spectrum(const Eigen::MatrixXd& frame, const CarriedFrame& carried,
                                 double tolerance) {
    return PeriodicIteration(frame, carried).spectrum(tolerance);
}

}  // namespace shoal
