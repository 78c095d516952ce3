// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <vector>

namespace shoal {

/// A square matrix laid out for products with four vectors at once, in float64. Written with
/// Highway for the best instruction set of the machine; the order of additions is the same on all
/// of them, the rounding of fused multiply-adds is not.
class PackedMatrix {
  public:
    static constexpr std::size_t columns = 4;
    static constexpr std::size_t panel_rows = 24;

    PackedMatrix() = default;
    explicit PackedMatrix(const Eigen::MatrixXd& matrix);

    std::size_t units() const { return units_; }
    /// units, padded to a multiple of panel_rows.
    std::size_t rows() const { return rows_; }

    /// got[column rows() + to] = sum over from of matrix(to, from) sent[4 from + column]; padded
    /// rows become 0.
    void multiply(const double* sent, double* got) const;

    struct View {
        const double* values;  ///< [panel, from, row in panel]
        std::size_t units, rows;
    };

  private:
    std::size_t units_ = 0;
    std::size_t rows_ = 0;
    std::vector<double> values_;
};

/// matrix right, four columns at a time.
Eigen::MatrixXd multiply(const PackedMatrix& matrix, const Eigen::MatrixXd& right);

}  // namespace shoal
