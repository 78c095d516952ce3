// SPDX-License-Identifier: MIT
#include "store/row_reader.hpp"

#include <utility>

namespace shoal {

RowReader::RowReader(hdf5::ReadGroup group, std::uint64_t rows)
    : group_(std::move(group)), rows_(rows) {}

RowReader::RowReader(hdf5::ReadGroup group, std::uint64_t rows, std::vector<std::uint64_t> chosen)
    : group_(std::move(group)), rows_(rows), chosen_(std::move(chosen)) {}

RowReader RowReader::in(hdf5::ReadGroup group) const {
    RowReader same = *this;
    same.group_ = std::move(group);
    return same;
}

hdf5::Extents RowReader::whole(const hdf5::Extents& inner) const {
    hdf5::Extents extents = {rows_};
    extents.insert(extents.end(), inner.begin(), inner.end());
    return extents;
}

std::vector<double> RowReader::numbers(const std::string& name, const hdf5::Extents& inner) const {
    if (!chosen_) {
        return group_.numbers(name, whole(inner));
    }
    std::vector<double> values;
    for (const std::uint64_t row : *chosen_) {
        const auto part = group_.numbers_at(name, whole(inner), row);
        values.insert(values.end(), part.begin(), part.end());
    }
    return values;
}

std::vector<std::int64_t> RowReader::integers(const std::string& name,
                                              const hdf5::Extents& inner) const {
    if (!chosen_) {
        return group_.integers(name, whole(inner));
    }
    std::vector<std::int64_t> values;
    for (const std::uint64_t row : *chosen_) {
        const auto part = group_.integers_at(name, whole(inner), row);
        values.insert(values.end(), part.begin(), part.end());
    }
    return values;
}

std::vector<std::string> RowReader::strings(const std::string& name) const {
    if (!chosen_) {
        return group_.strings(name, {rows_});
    }
    std::vector<std::string> values;
    for (const std::uint64_t row : *chosen_) {
        values.push_back(group_.string_at(name, rows_, row));
    }
    return values;
}

}  // namespace shoal
