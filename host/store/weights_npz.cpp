// SPDX-License-Identifier: MIT
// Weights as a NumPy .npz: a zip archive of uncompressed .npy arrays.
// Formats: NumPy's NEP 1 (.npy version 1.0); PKWARE APPNOTE 6.3 sections 4.3.7, 4.3.12, 4.3.16
// (zip).
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <span>

#include "core/error.hpp"
#include "core/file.hpp"
#include "store/exchange_files.hpp"

namespace shoal {
namespace {

/// Little-endian bytes in the order of the formats.
class Bytes {
  public:
    Bytes& u16(std::uint16_t value) { return number(value, 2); }
    Bytes& u32(std::uint32_t value) { return number(value, 4); }
    Bytes& text(std::string_view value) {
        content_.append(value);
        return *this;
    }
    const std::string& content() const { return content_; }

  private:
    Bytes& number(std::uint32_t value, int bytes) {
        for (int i = 0; i < bytes; ++i) {
            content_.push_back(static_cast<char>((value >> (8 * i)) & 0xffu));
        }
        return *this;
    }
    std::string content_;
};

/// Header of a .npy array, padded so that the data start at a multiple of 64 bytes.
std::string npy_header(const std::string& type, const std::vector<std::size_t>& shape) {
    std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                   type, fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
    constexpr std::size_t fixed = 10;  // magic, version, length
    text.append((64 - (fixed + text.size() + 1) % 64) % 64, ' ');
    text.push_back('\n');
    return Bytes()
        .text("\x93NUMPY")
        .text(std::string_view("\x01\x00", 2))
        .u16(static_cast<std::uint16_t>(text.size()))
        .text(text)
        .content();
}

/// A zip archive without compression, written in one pass.
class Archive {
  public:
    Archive(const std::filesystem::path& path, const std::filesystem::path& shown)
        : file_(path, std::ios::binary | std::ios::trunc), shown_(shown.string()) {
        require_good();
    }

    void add(const std::string& name, const std::string& header, std::span<const char> data) {
        const std::uint64_t size = header.size() + data.size();
        if (offset_ + size + name.size() + 1024 > std::numeric_limits<std::uint32_t>::max()) {
            throw file_error(
                fmt::format("{}: would pass 4 GB, the limit of this .npz; export "
                            "fewer networks or use --format h5",
                            shown_));
        }
        uLong crc = crc32_z(0, reinterpret_cast<const Bytef*>(header.data()), header.size());
        crc = crc32_z(crc, reinterpret_cast<const Bytef*>(data.data()), data.size());
        const std::string file_name = name + ".npy";
        const std::string common = entry(static_cast<std::uint32_t>(crc),
                                         static_cast<std::uint32_t>(size), file_name.size());
        directory_ += Bytes()
                          .text("PK\x01\x02")
                          .u16(20)  // made by: version 2.0
                          .text(common)
                          .u16(0)  // comment
                          .u16(0)  // disk
                          .u16(0)  // internal attributes
                          .u32(0)  // external attributes
                          .u32(static_cast<std::uint32_t>(offset_))
                          .text(file_name)
                          .content();
        ++entries_;
        put(Bytes().text("PK\x03\x04").text(common).text(file_name).content());
        put(header);
        put(data);
    }

    void close() {
        const auto start = static_cast<std::uint32_t>(offset_);
        const auto size = static_cast<std::uint32_t>(directory_.size());
        put(directory_);
        put(Bytes()
                .text("PK\x05\x06")
                .u16(0)
                .u16(0)
                .u16(entries_)
                .u16(entries_)
                .u32(size)
                .u32(start)
                .u16(0)
                .content());
        file_.close();
        require_good();
    }

  private:
    /// The fields that an entry's local header and its line of the directory share. The time is the
    /// format's earliest, so that equal content gives equal bytes.
    static std::string entry(std::uint32_t crc, std::uint32_t size, std::size_t name_size) {
        return Bytes()
            .u16(20)      // needs version 2.0
            .u16(0)       // flags
            .u16(0)       // stored
            .u16(0)       // time 0:00
            .u16(0x0021)  // date 1980-01-01
            .u32(crc)
            .u32(size)
            .u32(size)
            .u16(static_cast<std::uint16_t>(name_size))
            .u16(0)  // extra field
            .content();
    }

    void put(std::span<const char> bytes) {
        file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        require_good();
        offset_ += bytes.size();
    }

    void require_good() const {
        if (!file_) {
            throw file_error(
                fmt::format("{}: cannot be written: {}", shown_, std::strerror(errno)));
        }
    }

    std::ofstream file_;
    std::string shown_;
    std::string directory_;
    std::uint64_t offset_ = 0;
    std::uint16_t entries_ = 0;
};

void add_numbers(Archive& archive, const std::string& name, const std::vector<std::size_t>& shape,
                 std::span<const double> values) {
    if (!values.empty()) {
        archive.add(name, npy_header("<f8", shape),
                    {reinterpret_cast<const char*>(values.data()), values.size_bytes()});
    }
}

/// Strings of ASCII as NumPy's fixed-width UTF-32.
void add_strings(Archive& archive, const std::string& name, const std::vector<std::size_t>& shape,
                 const std::vector<std::string>& values) {
    std::size_t width = 1;
    for (const std::string& value : values) {
        width = std::max(width, value.size());
    }
    std::string data;
    for (const std::string& value : values) {
        for (std::size_t i = 0; i < width; ++i) {
            const auto c = static_cast<unsigned char>(i < value.size() ? value[i] : '\0');
            if (c > 127) {
                throw file_error(fmt::format("{} \"{}\": only ASCII goes into .npz", name, value));
            }
            data.push_back(static_cast<char>(c));
            data.append(3, '\0');
        }
    }
    archive.add(name, npy_header(fmt::format("<U{}", width), shape), data);
}

}  // namespace

void write_weights_npz(const std::filesystem::path& path, const WeightsFile& weights) {
    const auto size = [](int extent) { return static_cast<std::size_t>(extent); };
    const std::size_t networks = size(weights.networks);
    const std::size_t units = size(weights.units);
    replace_file(path, [&](const std::filesystem::path& temporary) {
        Archive archive(temporary, path);
        add_numbers(archive, "recurrent", {networks, units, units}, weights.recurrent);
        add_numbers(archive, "input", {networks, units, size(weights.inputs)}, weights.input);
        add_numbers(archive, "readout", {networks, size(weights.outputs), units}, weights.readout);
        add_numbers(archive, "bias", {networks, units}, weights.bias);
        add_numbers(archive, "constant_input", {networks, size(weights.inputs)},
                    weights.constant_input);
        add_numbers(archive, "inputs",
                    {size(weights.series_trials), size(weights.series_steps), size(weights.inputs)},
                    weights.inputs_series);
        add_numbers(archive, "initial_state", {size(weights.initial_trials), units},
                    weights.initial_state);
        add_strings(archive, "cell", {}, {name_of(weights.cell)});
        add_numbers(archive, "tau", {}, {&weights.tau, 1});
        add_numbers(archive, "dt", {}, {&weights.dt, 1});
        if (!weights.uids.empty()) {
            add_strings(archive, "uid", {weights.uids.size()}, weights.uids);
        }
        archive.close();
    });
}

}  // namespace shoal
