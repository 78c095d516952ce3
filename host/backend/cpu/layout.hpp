// SPDX-License-Identifier: MIT
// Memory layouts of the fast CPU backend. Units stand in blocks of 16 lanes, padded with zeros.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "model/network.hpp"

namespace shoal::cpu {

inline constexpr int block = 16;  ///< units per block
inline constexpr int strip = 8;   ///< columns of P per strip

inline int blocks_of(int units) {
    return (units + block - 1) / block;
}
inline int padded(int units) {
    return blocks_of(units) * block;
}

/// Whether a recurrent matrix of this size fits the second-level cache beside the P of its
/// networks.
template <typename T>
bool fits_cache(int units) {
    return static_cast<std::size_t>(units) * static_cast<std::size_t>(units) * sizeof(T) <=
           std::size_t{1} << 20;
}

/// Zeroed array aligned to a cache line.
template <typename T>
class AlignedArray {
  public:
    AlignedArray() = default;
    explicit AlignedArray(std::size_t size) : size_(size) {
        // Large arrays stand on huge pages where the system has them: they are streamed through
        // once per step or update, and page look-ups would cost as much as the arithmetic.
        const std::size_t alignment = size * sizeof(T) >= huge_page ? huge_page : 64;
        const std::size_t bytes = (size * sizeof(T) + 63) / 64 * 64;
        const std::size_t rounded =
            std::max(alignment, (bytes + alignment - 1) / alignment * alignment);
        data_.reset(static_cast<T*>(std::aligned_alloc(alignment, rounded)));
        if (!data_) {
            throw std::bad_alloc();
        }
        if (alignment == huge_page) {
            ::madvise(data_.get(), bytes / huge_page * huge_page, MADV_HUGEPAGE);
        }
        std::memset(static_cast<void*>(data_.get()), 0, bytes);
    }
    T* data() { return data_.get(); }
    const T* data() const { return data_.get(); }
    std::size_t size() const { return size_; }
    T& operator[](std::size_t i) { return data_.get()[i]; }
    const T& operator[](std::size_t i) const { return data_.get()[i]; }

  private:
    static constexpr std::size_t huge_page = std::size_t{2} << 20;
    struct Free {
        void operator()(T* p) const { std::free(p); }
    };
    std::unique_ptr<T, Free> data_;
    std::size_t size_ = 0;
};

/// A recurrent matrix for products with few or many vectors. Rows stand in groups of at most
/// `group_width` blocks, as even as possible; inside a group [from][row of the group], so that a
/// product reads memory once, in order, and every row's sum runs over `from` in order whatever the
/// grouping: the grouping does not change the bits.
template <typename T>
class PackedMatrix {
  public:
    PackedMatrix(const RecurrentMatrix& matrix, int group_width)
        : units_(matrix.units()),
          data_(static_cast<std::size_t>(padded(units_)) * static_cast<std::size_t>(units_)) {
        const int blocks = blocks_of(units_);
        const int groups = (blocks + group_width - 1) / group_width;
        for (int g = 0, first = 0; g < groups; ++g) {
            const int width = (blocks - first + groups - g - 1) / (groups - g);
            groups_.push_back({first, width});
            first += width;
        }
        std::vector<double> row(static_cast<std::size_t>(units_));
        for (const Group& group : groups_) {
            T* base = data_.data() + offset(group);
            const int rows = group.width * block;
            for (int i = 0; i < rows && group.first_block * block + i < units_; ++i) {
                matrix.row(group.first_block * block + i, row);
                for (int from = 0; from < units_; ++from) {
                    base[static_cast<std::size_t>(from) * static_cast<std::size_t>(rows) +
                         static_cast<std::size_t>(i)] =
                        static_cast<T>(row[static_cast<std::size_t>(from)]);
                }
            }
        }
    }

    struct Group {
        int first_block;
        int width;  ///< blocks
    };
    int units() const { return units_; }
    const std::vector<Group>& groups() const { return groups_; }
    const T* data(const Group& group) const { return data_.data() + offset(group); }

  private:
    std::size_t offset(const Group& group) const {
        return static_cast<std::size_t>(group.first_block) * block *
               static_cast<std::size_t>(units_);
    }
    int units_;
    std::vector<Group> groups_;
    AlignedArray<T> data_;
};

/// The symmetric matrix P of recursive least squares: its lower triangle in strips of 8 columns. A
/// strip holds, for every block of 16 rows from its diagonal block down, [column of the strip][row
/// of the block]. Diagonal blocks are stored whole.
template <typename T>
class PackedSymmetric {
  public:
    explicit PackedSymmetric(int units)
        : units_(units), blocks_(blocks_of(units)), data_(size(blocks_)) {}

    int units() const { return units_; }
    int blocks() const { return blocks_; }

    /// Columns strip_index * 8 ... + 7; rows from block (strip_index / 2).
    T* strip_data(int strip_index) { return data_.data() + strip_offset(strip_index); }
    const T* strip_data(int strip_index) const { return data_.data() + strip_offset(strip_index); }

    /// Entry (i, j); j may exceed i only inside a diagonal block.
    T& at(int i, int j) {
        const int row_block = i / block - j / block;
        return data_[strip_offset(j / strip) +
                     static_cast<std::size_t>((row_block * strip + j % strip) * block + i % block)];
    }
    const T& at(int i, int j) const { return const_cast<PackedSymmetric*>(this)->at(i, j); }

    void set_diagonal(T value) {
        for (int i = 0; i < units_; ++i) {
            at(i, i) = value;
        }
    }
    /// Copies the lower half of every diagonal block to its upper half.
    void mirror_diagonal_blocks() {
        for (int i = 0; i < blocks_ * block; ++i) {
            for (int j = i / block * block; j < i; ++j) {
                at(j, i) = at(i, j);
            }
        }
    }

    static std::size_t size(int blocks) {
        return static_cast<std::size_t>(blocks) * static_cast<std::size_t>(blocks + 1) / 2 * block *
               block;
    }

  private:
    std::size_t strip_offset(int strip_index) const {
        // Strips 2b and 2b + 1 hold blocks_ - b blocks of rows each.
        const auto b = static_cast<std::size_t>(strip_index / 2);
        const auto n = static_cast<std::size_t>(blocks_);
        const std::size_t half_tiles = b * (2 * n - b + 1) + (strip_index % 2 != 0 ? n - b : 0);
        return half_tiles * strip * block;
    }
    int units_;
    int blocks_;
    AlignedArray<T> data_;
};

}  // namespace shoal::cpu
