// SPDX-License-Identifier: MIT
#include "store/foreign_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <string_view>

#include "core/error.hpp"
#include "store/hdf5.hpp"
#include "store/seal.hpp"

namespace shoal {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t looked_at = 1 << 16;

/// The first bytes of a file, or the last.
std::string bytes_of(const std::filesystem::path& path, bool last) {
    std::ifstream file(path, std::ios::binary);
    if (last) {
        std::error_code none;
        const auto size = std::filesystem::file_size(path, none);
        file.seekg(static_cast<std::streamoff>(size - std::min<std::uintmax_t>(size, looked_at)));
    }
    std::string bytes(looked_at, '\0');
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    return bytes;
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// Numbers with something between them, and nothing else.
bool is_table(const std::string& text) {
    return !text.empty() && std::any_of(text.begin(), text.end(), [](char c) {
        return c == ',' || c == ';' || c == '\t' || c == ' ';
    }) && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= ' ' && c <= '~') || c == '\n' || c == '\r' || c == '\t';
    });
}

/// A command of Python that makes weights.h5 with the matrix that an expression of `p`, the path,
/// gives.
std::string by_h5py(const std::filesystem::path& path, const char* imports, const char* recurrent) {
    return fmt::format(
        "python3 -c \"import h5py{}; p = '{}'; f = h5py.File('weights.h5', 'w'); f['recurrent'] = "
        "{}; f.attrs.update(cell='rate', tau=1.0, dt=1.0)\", and so its other weights "
        "(tools/python/README.md)",
        imports, path.string(), recurrent);
}

std::string of_torch(const std::filesystem::path& path) {
    return "is a PyTorch file, not HDF5; make one, of nn.RNN by: " +
           by_h5py(path, ", torch", "torch.load(p)['weight_hh_l0']");
}

std::string of_keras(const std::filesystem::path& path) {
    return "make a weights file, of SimpleRNN by: " +
           by_h5py(path, ", keras", "keras.saving.load_model(p).layers[0].get_weights()[1].T");
}

/// One with zip's directory at its end.
std::string of_zip(const std::filesystem::path& path) {
    const std::string names = bytes_of(path, true);
    if (contains(names, "model.weights.h5")) {
        return "is a Keras file, a zip archive around HDF5; " + of_keras(path);
    }
    if (contains(names, "data.pkl")) {
        return of_torch(path);
    }
    if (contains(names, ".npy")) {
        return fmt::format(
            "is a NumPy archive, not HDF5; make one, in tools/python, by: python3 -m "
            "shoal_reader.npz '{}' weights.h5",
            std::filesystem::absolute(path).string());
    }
    return "is a zip archive, not HDF5";
}

/// HDF5 with the layout of another program.
std::string of_hdf5(const std::filesystem::path& path, const std::string& first) {
    if (first.starts_with("MATLAB 7.3 MAT-file")) {
        return "is a MATLAB 7.3 file, HDF5 without the attributes cell, tau and dt and with axes "
               "in reverse; make a weights file by: " +
               by_h5py(path, "", "h5py.File(p)['recurrent'][()].T");
    }
    try {
        const bool keras = read_guarded(path, [&] {
            const hdf5::ReadGroup file(path);
            return file.has_attribute("keras_version") || file.has("model_weights") ||
                   file.has("_layer_checkpoint_dependencies");
        });
        return keras ? "is a Keras file, HDF5 with weights by layer, [from, to], without the "
                       "attributes cell, tau and dt; " +
                           of_keras(path)
                     : std::string();
    } catch (const Error&) {
        return "";  // damaged: reading it says how
    }
}

}  // namespace

std::string foreign_format(const std::filesystem::path& path) {
    std::error_code none;
    if (!std::filesystem::is_regular_file(path, none)) {
        return "";
    }
    const std::string first = bytes_of(path, false);
    constexpr auto hdf5_signature = "\x89HDF\r\n\x1a\n"sv;
    for (std::size_t at = 0; at < first.size();
         at = at == 0 ? 512 : 2 * at) {  // behind user blocks
        if (first.compare(at, hdf5_signature.size(), hdf5_signature) == 0) {
            return of_hdf5(path, first);
        }
    }
    if (first.starts_with("PK\x03\x04"sv)) {
        return of_zip(path);
    }
    if (first.starts_with("\x93NUMPY"sv)) {
        return "is a NumPy array, not HDF5; make one by: " +
               by_h5py(path, ", numpy", "numpy.load(p)");
    }
    if (first.starts_with("MATLAB 5.0 MAT-file")) {
        return "is a MATLAB file saved without -v7.3, not HDF5; make one by: " +
               by_h5py(path, ", scipy.io", "scipy.io.loadmat(p)['recurrent']");
    }
    if (first.size() > 1 && first[0] == '\x80' && first[1] >= 2 && first[1] <= 5) {
        // What old versions of torch.save begin with.
        constexpr auto torch_number = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv;
        return contains(first.substr(0, 64), torch_number)
                   ? of_torch(path)
                   : "is a Python pickle, not HDF5; make one by: " +
                         by_h5py(path, ", pickle", "pickle.load(open(p, 'rb'))['recurrent']");
    }
    if (first.size() > 8 && first[8] == '{' && contains(first, "\"dtype\"")) {
        return "is a safetensors file, not HDF5; make one, of nn.RNN by: " +
               by_h5py(path, ", safetensors.numpy",
                       "safetensors.numpy.load_file(p)['weight_hh_l0']");
    }
    if (is_table(first)) {
        return "is text, not HDF5; of a table of numbers, rows [to], make one by: " +
               by_h5py(path, ", numpy", "numpy.loadtxt(p, delimiter=',')");
    }
    return "";
}

}  // namespace shoal
