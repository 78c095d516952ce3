// SPDX-License-Identifier: MIT
// Plain byte serialisation for our own checkpoint files (little-endian, as every supported
// machine).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "core/error.hpp"

namespace shoal {

class ByteWriter {
  public:
    template <typename T>
    requires std::is_arithmetic_v<T>
    void put(T value) { put_bytes(&value, sizeof value); }
    void put(const std::string& text) {
        put(static_cast<std::uint64_t>(text.size()));
        put_bytes(text.data(), text.size());
    }
    template <typename T>
    requires std::is_arithmetic_v<T>
    void put(const std::vector<T>& values) {
        put(static_cast<std::uint64_t>(values.size()));
        put_bytes(values.data(), values.size() * sizeof(T));
    }
    const std::vector<std::byte>& bytes() const { return bytes_; }
    std::vector<std::byte> take() { return std::move(bytes_); }

  private:
    void put_bytes(const void* data, std::size_t size) {
        const auto* begin = static_cast<const std::byte*>(data);
        bytes_.insert(bytes_.end(), begin, begin + size);
    }
    std::vector<std::byte> bytes_;
};

/// Reads what ByteWriter wrote. Every length is checked against what is left and every enumerator
/// against those there are, so that damaged input throws instead of allocating or lying.
class ByteReader {
  public:
    explicit ByteReader(std::span<const std::byte> bytes) : rest_(bytes) {}

    template <typename T>
    requires std::is_arithmetic_v<T> T get() {
        if constexpr (std::is_same_v<T, bool>) {
            const auto value = get<std::uint8_t>();
            if (value > 1) {
                throw file_error(unknown_value);
            }
            return value == 1;
        } else {
            T value{};
            std::memcpy(&value, take(sizeof value).data(), sizeof value);
            return value;
        }
    }
    /// An enumerator that was put as std::int32_t; an error if it is none of `all`.
    template <typename Enum>
    requires std::is_enum_v<Enum> Enum get_among(std::span<const Enum> all) {
        const auto value = get<std::int32_t>();
        for (const Enum known : all) {
            if (static_cast<std::int32_t>(known) == value) {
                return known;
            }
        }
        throw file_error(unknown_value);
    }
    std::string get_text() {
        const auto size = get<std::uint64_t>();
        const auto bytes = take(size);
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
    template <typename T>
    requires std::is_arithmetic_v<T> std::vector<T> get_vector() {
        const auto count = get<std::uint64_t>();
        if (count > rest_.size() / sizeof(T)) {
            throw file_error("record is cut short");
        }
        const auto bytes = take(count * sizeof(T));
        std::vector<T> values(count);
        if (count > 0) {
            std::memcpy(values.data(), bytes.data(), bytes.size());
        }
        return values;
    }
    bool empty() const { return rest_.empty(); }

    static constexpr const char* unknown_value = "record holds a value that it cannot have";

  private:
    std::span<const std::byte> take(std::uint64_t size) {
        if (size > rest_.size()) {
            throw file_error("record is cut short");
        }
        const auto head = rest_.first(size);
        rest_ = rest_.subspan(size);
        return head;
    }
    std::span<const std::byte> rest_;
};

}  // namespace shoal
