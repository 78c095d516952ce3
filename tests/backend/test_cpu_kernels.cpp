// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "backend/cpu/kernels.hpp"
#include "backend/cpu/network.hpp"
#include "core/random.hpp"

namespace shoal::cpu {
namespace {

constexpr int kernel_sizes[] = {1, 15, 16, 17, 31, 32, 33, 100, 200, 257};

double draw(std::uint32_t stream, std::size_t i) {
    return standard_normal(
        random_bits({21, 0}, Purpose::test, stream, 0, static_cast<std::uint32_t>(i)));
}

template <typename T>
class CpuKernels : public ::testing::Test {};
using Precisions = ::testing::Types<float, double>;
TYPED_TEST_SUITE(CpuKernels, Precisions);

TYPED_TEST(CpuKernels, StepAgreesWithTheEquations) {
    using T = TypeParam;
    for (const Cell cell : all_values<Cell>) {
        for (const int n : kernel_sizes) {
            const auto units = static_cast<std::size_t>(n);
            NetworkModel model;
            model.units = n;
            model.inputs = 2;
            model.outputs = 3;
            model.cell = cell;
            model.gain = 1.3;
            std::vector<double> j(units * units);
            for (std::size_t i = 0; i < j.size(); ++i) {
                j[i] = draw(1, i) / std::sqrt(n);
            }
            model.recurrent = dense_matrix(n, j);
            const auto fill = [&](std::uint32_t stream, std::size_t count) {
                std::vector<double> values(count);
                for (std::size_t i = 0; i < count; ++i) {
                    // Rounded to T first, so that both sides start from the same numbers.
                    values[i] = static_cast<double>(static_cast<T>(0.3 * draw(stream, i)));
                }
                return values;
            };
            model.input = fill(2, units * 2);
            model.feedback = fill(3, units * 3);
            model.readout = fill(4, units * 3);
            model.bias = fill(5, units);
            model.initial_state = fill(6, units);
            const auto weights = pack_weights<T>(model);
            const PackedMatrix<T> matrix(*model.recurrent, kernels<T>().group_width);
            auto column = make_column(weights, model.initial_state.data());
            column.u = {static_cast<T>(0.4), static_cast<T>(-0.8)};
            const std::vector<double> z(column.z.begin(), column.z.end());
            const std::vector<double> r(column.r.data(), column.r.data() + n);
            Column<T>* pointer = &column;

            kernels<T>().step(matrix, &pointer, 1);

            // Error of a sum of m products: m eps sum |terms|; tanh adds 2e-7 in float (8 eps in
            // double).
            const double eps = std::numeric_limits<T>::epsilon();
            const double tanh_error = std::max(3e-7 * (sizeof(T) == 4 ? 1 : 0), 8 * eps);
            for (std::size_t i = 0; i < units; ++i) {
                double sum = 0, terms = 0;
                for (std::size_t k = 0; k < units; ++k) {
                    const double term =
                        1.3 * static_cast<double>(static_cast<T>(j[i * units + k])) * r[k];
                    sum += term;
                    terms += std::abs(term);
                }
                for (std::size_t o = 0; o < 3; ++o) {
                    sum += model.feedback[i * 3 + o] * z[o];
                    terms += std::abs(model.feedback[i * 3 + o] * z[o]);
                }
                sum += model.input[i * 2] * static_cast<double>(column.u[0]) +
                       model.input[i * 2 + 1] * static_cast<double>(column.u[1]) + model.bias[i];
                terms += 1.0;
                const double x = model.initial_state[i];
                const double drive = cell == Cell::current ? sum : std::tanh(sum);
                const double want = x + 0.1 * (drive - x);
                const double bound =
                    eps * (n + 10) * terms + eps * std::abs(x) * 4 + 0.1 * tanh_error;
                ASSERT_NEAR(static_cast<double>(column.x[i]), want, bound) << n << " unit " << i;
                const double rate = static_cast<double>(column.r[i]);
                const double x_new = static_cast<double>(column.x[i]);
                ASSERT_NEAR(rate, cell == Cell::current ? std::tanh(x_new) : x_new, tanh_error);
            }
            for (std::size_t i = units; i < column.x.size(); ++i) {
                ASSERT_EQ(column.x[i], T{0}) << "padding must stay 0";
            }
            EXPECT_TRUE(column.in_range);
        }
    }
}

TYPED_TEST(CpuKernels, ManyColumnsGiveTheBitsOfOne) {
    using T = TypeParam;
    for (const int n : {1, 17, 100, 200}) {
        const auto matrix_source = random_sparse_matrix({4, 2}, n, 0.6);
        const PackedMatrix<T> matrix(*matrix_source, kernels<T>().group_width);
        NetworkModel model;
        model.units = n;
        model.outputs = 1;
        model.recurrent = matrix_source;
        model.readout.assign(static_cast<std::size_t>(n), 0.1);
        const auto weights = pack_weights<T>(model);
        const int most = 2 * kernels<T>().columns_at_once + 1;
        std::vector<std::vector<double>> starts;
        std::vector<Column<T>> alone, together;
        std::vector<Column<T>*> pointers;
        for (int c = 0; c < most; ++c) {
            std::vector<double> x(static_cast<std::size_t>(n));
            for (std::size_t i = 0; i < x.size(); ++i) {
                x[i] = draw(100 + static_cast<std::uint32_t>(c), i);
            }
            alone.push_back(make_column(weights, x.data()));
            together.push_back(make_column(weights, x.data()));
        }
        for (auto& column : together) {
            pointers.push_back(&column);
        }
        for (int count = 1; count <= most; ++count) {
            kernels<T>().step(matrix, pointers.data(), count);
            for (int c = 0; c < count; ++c) {
                Column<T>* one = &alone[static_cast<std::size_t>(c)];
                kernels<T>().step(matrix, &one, 1);
                ASSERT_TRUE(std::equal(one->x.data(), one->x.data() + n,
                                       together[static_cast<std::size_t>(c)].x.data()))
                    << n << " units, " << count << " columns";
            }
        }
    }
}

TYPED_TEST(CpuKernels, LeftRangeIsSeenOnceAndNanStaysNan) {
    using T = TypeParam;
    NetworkModel model;
    model.units = 20;
    model.outputs = 1;
    model.recurrent = dense_matrix(20, std::vector<double>(400, 0.0));
    model.readout.assign(20, 0.0);
    const auto weights = pack_weights<T>(model);
    const PackedMatrix<T> matrix(*model.recurrent, kernels<T>().group_width);
    for (const double bad : {std::nan(""), 2e4, -2e4, std::numeric_limits<double>::infinity()}) {
        std::vector<double> x(20, 0.1);
        x[19] = bad;
        auto column = make_column(weights, x.data());
        Column<T>* pointer = &column;
        kernels<T>().step(matrix, &pointer, 1);
        EXPECT_FALSE(column.in_range) << bad;
        if (std::isnan(bad)) {
            EXPECT_TRUE(std::isnan(column.r[19]));
        }
    }
}

TYPED_TEST(CpuKernels, UpdatesAndRewritingAgreeWithTextbookRls) {
    using T = TypeParam;
    for (const int n : kernel_sizes) {
        const auto units = static_cast<std::size_t>(n);
        PackedSymmetric<T> p(n);
        p.set_diagonal(T{1});
        PendingUpdates<T> pending(n, 8);
        std::vector<double> exact(units * units, 0.0);
        for (std::size_t i = 0; i < units; ++i) {
            exact[i * units + i] = 1.0;
        }
        AlignedArray<T> r(static_cast<std::size_t>(padded(n)));
        double worst = 0.0;
        for (std::uint32_t update = 0; update < 24; ++update) {
            for (std::size_t i = 0; i < units; ++i) {
                r[i] = static_cast<T>(std::tanh(draw(200 + update, i)));
            }
            const T c = kernels<T>().append_update(p, r.data(), pending);

            std::vector<double> k(units, 0.0);
            double exact_c = 1.0;
            for (std::size_t i = 0; i < units; ++i) {
                for (std::size_t l = 0; l < units; ++l) {
                    k[i] += exact[i * units + l] * static_cast<double>(r[l]);
                }
                exact_c += k[i] * static_cast<double>(r[i]);
            }
            for (std::size_t i = 0; i < units; ++i) {
                const T* got = pending.gain(pending.count - 1);
                worst = std::max(worst, std::abs(static_cast<double>(got[i]) - k[i]));
                for (std::size_t l = 0; l < units; ++l) {
                    exact[i * units + l] -= k[i] * k[l] / exact_c;
                }
            }
            worst = std::max(worst, std::abs(static_cast<double>(c) - exact_c) / exact_c);
            if (pending.count == 8) {
                kernels<T>().rewrite(p, pending);
                EXPECT_EQ(pending.count, 0);
            }
        }
        // Entries of P and k are at most 1; each of 24 updates adds rounding of n-term sums.
        const double bound = 24.0 * (n + 10) * std::numeric_limits<T>::epsilon();
        EXPECT_LE(worst, bound) << n;
        for (int i = 0; i < n; ++i) {
            for (int l = 0; l <= i; ++l) {
                ASSERT_NEAR(
                    static_cast<double>(p.at(i, l)),
                    exact[static_cast<std::size_t>(i) * units + static_cast<std::size_t>(l)],
                    bound);
            }
        }
    }
}

TYPED_TEST(CpuKernels, ManySmallUpdatesDoNotStall) {
    // 24 updates that each take 0.4 ulp off the diagonal: one by one they would round to nothing,
    // and P would keep its 1; together they are 9.6 ulp.
    using T = TypeParam;
    const int n = 17;
    const T ulp = std::numeric_limits<T>::epsilon() / 2;  // spacing just below 1
    PackedSymmetric<T> p(n);
    p.set_diagonal(T{1});
    PendingUpdates<T> pending(n, 24);
    AlignedArray<T> r(static_cast<std::size_t>(padded(n)));
    for (int update = 0; update < 24; ++update) {
        r[16] = std::sqrt(static_cast<T>(0.4) * ulp);
        kernels<T>().append_update(p, r.data(), pending);
    }
    kernels<T>().rewrite(p, pending);
    EXPECT_NEAR(static_cast<double>((T{1} - p.at(16, 16)) / ulp), 9.6, 1.0);
    EXPECT_EQ(p.at(0, 0), T{1});
}

TYPED_TEST(CpuKernels, DiagonalBlocksStaySymmetricToTheBit) {
    using T = TypeParam;
    const int n = 40;
    PackedSymmetric<T> p(n);
    p.set_diagonal(T{1});
    PendingUpdates<T> pending(n, 4);
    AlignedArray<T> r(static_cast<std::size_t>(padded(n)));
    for (std::uint32_t update = 0; update < 4; ++update) {
        for (std::size_t i = 0; i < 40; ++i) {
            r[i] = static_cast<T>(draw(300 + update, i));
        }
        kernels<T>().append_update(p, r.data(), pending);
    }
    kernels<T>().rewrite(p, pending);
    for (int b = 0; b < 3; ++b) {
        for (int i = 16 * b; i < std::min(n, 16 * b + 16); ++i) {
            for (int j = 16 * b; j < i; ++j) {
                EXPECT_EQ(p.at(i, j), p.at(j, i));
            }
        }
    }
}

}  // namespace
}  // namespace shoal::cpu
