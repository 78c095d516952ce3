// SPDX-License-Identifier: MIT
// HDF5 files that the library itself writes, of datasets, attributes and links that the input
// describes: absurd extents, foreign types, storage that is not there. They are sealed, so that
// they are read in this process: whatever goes wrong is ours.
#include <hdf5.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string>
#include <vector>

#include "hdf5_target.hpp"
#include "store/hdf5.hpp"
#include "store/seal.hpp"

using namespace shoal;

namespace {

/// The input, taken from its front; zeros once it is used up.
class Input {
  public:
    Input(const std::uint8_t* data, std::size_t size) : rest_(fuzz::text_of(data, size)) {}
    bool empty() const { return rest_.empty(); }
    unsigned byte() {
        if (rest_.empty()) {
            return 0;
        }
        const auto value = static_cast<unsigned char>(rest_.front());
        rest_.remove_prefix(1);
        return value;
    }
    template <class List>
    auto one_of(const List& list) {
        return list[byte() % std::size(list)];
    }

  private:
    std::string_view rest_;
};

constexpr std::array dataset_names = {"recurrent",  "inputs",        "targets",       "mask",
                                      "trial_type", "input",         "readout",       "bias",
                                      "uid",        "initial_state", "constant_input"};
constexpr std::array attribute_names = {"cell", "tau", "dt"};
constexpr std::array<hsize_t, 20> extents = {1,
                                             2,
                                             3,
                                             0,
                                             4,
                                             5,
                                             7,
                                             64,
                                             1000,
                                             65536,
                                             0x7fffffff,
                                             0x80000000,
                                             0xffffffff,
                                             0x100000000,
                                             1'000'000'000'000,
                                             hsize_t{1} << 61,
                                             hsize_t{1} << 62,
                                             hsize_t{1} << 63,
                                             0xfffffffffffffffe,
                                             6};
/// Elements up to this number get values; larger datasets stay without.
constexpr hssize_t most_values = 512;

hdf5::Id type_from(Input& in, int depth = 0) {
    using hdf5::Id;
    const auto copy = [](hid_t type) { return Id(H5Tcopy(type), H5Tclose); };
    switch (in.byte() % (depth < 2 ? 16u : 10u)) {
        case 0:
        case 1:
            return copy(H5T_IEEE_F64LE);
        case 2:
            return copy(H5T_IEEE_F32LE);
        case 3:
            return copy(H5T_STD_I32LE);
        case 4:
            return copy(H5T_STD_U64BE);
        case 5:
            return copy(H5T_STD_I8LE);
        case 6: {
            Id text = copy(H5T_C_S1);
            H5Tset_size(text.get(), 1 + in.byte() * (in.byte() % 2 == 0 ? 1u : 1u << 20));
            H5Tset_strpad(text.get(), static_cast<H5T_str_t>(in.byte() % 3));
            return text;
        }
        case 7: {
            Id text = copy(H5T_C_S1);
            H5Tset_size(text.get(), H5T_VARIABLE);
            return text;
        }
        case 8: {
            Id odd = copy(H5T_IEEE_F64LE);
            H5Tset_precision(odd.get(), 1 + in.byte() % 64);
            return odd;
        }
        case 9: {
            Id wide = copy(H5T_STD_I64LE);
            H5Tset_size(wide.get(), 1 + in.byte());
            return wide;
        }
        case 10: {
            Id compound(H5Tcreate(H5T_COMPOUND, 16), H5Tclose);
            const Id member = type_from(in, depth + 1);
            H5Tinsert(compound.get(), "r", 0, member.get());
            H5Tinsert(compound.get(), "i", 8, H5T_IEEE_F64LE);
            return compound;
        }
        case 11:
            return Id(H5Tvlen_create(type_from(in, depth + 1).get()), H5Tclose);
        case 12: {
            const std::array<hsize_t, 2> inner = {in.one_of(extents), 1 + in.byte() % 3};
            return Id(H5Tarray_create2(type_from(in, depth + 1).get(), 2, inner.data()), H5Tclose);
        }
        case 13: {
            Id choice(H5Tenum_create(H5T_STD_I8LE), H5Tclose);
            const signed char no = 0;
            const signed char yes = 1;
            H5Tenum_insert(choice.get(), "FALSE", &no);
            H5Tenum_insert(choice.get(), "TRUE", &yes);
            return choice;
        }
        case 14:
            return Id(H5Tcreate(H5T_OPAQUE, 1 + in.byte()), H5Tclose);
        default:
            return copy(H5T_STD_REF_OBJ);
    }
}

hdf5::Id space_from(Input& in, bool& growing) {
    const unsigned kind = in.byte();
    growing = kind % 16 == 1;
    if (kind % 16 == 2) {
        return {H5Screate(H5S_NULL), H5Sclose};
    }
    std::vector<hsize_t> sizes(in.byte() % 6);
    for (hsize_t& size : sizes) {
        size = in.one_of(extents);
    }
    const std::vector<hsize_t> limits(sizes.size(), H5S_UNLIMITED);
    return {H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(),
                             growing ? limits.data() : nullptr),
            H5Sclose};
}

hdf5::Id creation_from(Input& in, int rank, bool growing) {
    hdf5::Id creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    const unsigned kind = in.byte();
    H5Pset_alloc_time(creation.get(), kind & 64 ? H5D_ALLOC_TIME_EARLY : H5D_ALLOC_TIME_INCR);
    if (growing || kind % 4 == 1) {
        std::vector<hsize_t> chunk(static_cast<std::size_t>(rank));
        for (hsize_t& size : chunk) {
            size = in.one_of(extents);
        }
        H5Pset_chunk(creation.get(), rank, chunk.data());
        if (kind & 8) {
            H5Pset_shuffle(creation.get());
        }
        if (kind & 16) {
            H5Pset_deflate(creation.get(), 9);
        }
        if (kind & 32) {
            H5Pset_fletcher32(creation.get());
        }
    } else if (kind % 4 == 2) {
        H5Pset_layout(creation.get(), H5D_COMPACT);
    } else if (kind % 4 == 3) {
        H5Pset_external(creation.get(), (fuzz::scratch() / "elsewhere").c_str(), 0, 4096);
    }
    return creation;
}

/// Bytes for `count` elements; texts and other lengths that vary stay empty.
std::vector<std::byte> values_from(Input& in, hssize_t count, std::size_t element) {
    std::vector<std::byte> values(static_cast<std::size_t>(count) * element);
    const unsigned pattern = in.byte();
    if (pattern % 3 == 1) {
        std::fill(values.begin(), values.end(), std::byte(in.byte()));
    } else if (pattern % 3 == 2) {
        std::generate(values.begin(), values.end(), [&] { return std::byte(in.byte()); });
    }
    return values;
}

/// True if elements of this type are bytes and not pointers.
bool writable(hid_t space, hid_t type, hssize_t& count) {
    // Asked for a class, the library does not see that texts inside of arrays vary in length.
    const bool fixed_text = H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0;
    count = H5Sget_simple_extent_npoints(space);
    return count > 0 && count <= most_values && H5Tget_size(type) <= 4096 &&
           H5Tdetect_class(type, H5T_VLEN) == 0 && H5Tdetect_class(type, H5T_REFERENCE) == 0 &&
           (fixed_text || H5Tdetect_class(type, H5T_STRING) == 0);
}

void put_texts(hid_t dataset, hid_t type, hssize_t count, Input& in) {
    const std::string text(in.byte(), 'u');
    const std::vector<const char*> texts(static_cast<std::size_t>(count), text.c_str());
    H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts.data());
}

bool has_small_chunks(hid_t creation, int rank) {
    std::vector<hsize_t> chunk(static_cast<std::size_t>(std::max(rank, 1)), 1);
    if (H5Pget_layout(creation) == H5D_CHUNKED) {
        H5Pget_chunk(creation, rank, chunk.data());
    }
    const auto elements = hdf5::byte_count(hdf5::Extents(chunk.begin(), chunk.end()), 1);
    return elements && *elements <= 65536;
}

void add_dataset(hid_t file, Input& in) {
    const char* name = in.one_of(dataset_names);
    bool growing = false;
    const hdf5::Id type = type_from(in);
    const hdf5::Id space = space_from(in, growing);
    if (!type || !space || H5Tget_size(type.get()) > (std::size_t{1} << 28)) {
        return;
    }
    const int rank = H5Sget_simple_extent_ndims(space.get());
    const hdf5::Id creation = creation_from(in, rank, growing);
    // What would be stored at once must stay small; how large it says it is may be anything.
    const hssize_t all = H5Sget_simple_extent_npoints(space.get());
    const bool small = all >= 0 && all <= most_values && has_small_chunks(creation.get(), rank);
    if (!small) {
        H5Pset_alloc_time(creation.get(), H5Pget_layout(creation.get()) == H5D_CHUNKED
                                              ? H5D_ALLOC_TIME_INCR
                                              : H5D_ALLOC_TIME_LATE);
    }
    const hdf5::Id dataset(
        H5Dcreate2(file, name, type.get(), space.get(), H5P_DEFAULT, creation.get(), H5P_DEFAULT),
        H5Dclose);
    hssize_t count = 0;
    if (!dataset || !small) {
        return;
    }
    if (writable(space.get(), type.get(), count)) {
        const auto values = values_from(in, count, H5Tget_size(type.get()));
        H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    } else if (H5Tis_variable_str(type.get()) > 0 && count > 0 && count <= most_values) {
        put_texts(dataset.get(), type.get(), count, in);
    }
}

void add_attribute(hid_t file, Input& in) {
    const char* name = in.one_of(attribute_names);
    if (in.byte() % 4 != 0) {  // mostly one that is right
        const hdf5::Id scalar(H5Screate(H5S_SCALAR), H5Sclose);
        if (name == attribute_names[0]) {
            const hdf5::Id text(H5Tcopy(H5T_C_S1), H5Tclose);
            H5Tset_size(text.get(), 7);
            const hdf5::Id made(
                H5Acreate2(file, name, text.get(), scalar.get(), H5P_DEFAULT, H5P_DEFAULT),
                H5Aclose);
            H5Awrite(made.get(), text.get(), in.byte() % 2 == 0 ? "current" : "rate\0\0");
        } else {
            const double value = static_cast<double>(in.byte()) / 64.0;
            const hdf5::Id made(
                H5Acreate2(file, name, H5T_IEEE_F64LE, scalar.get(), H5P_DEFAULT, H5P_DEFAULT),
                H5Aclose);
            H5Awrite(made.get(), H5T_NATIVE_DOUBLE, &value);
        }
        return;
    }
    bool growing = false;
    const hdf5::Id type = type_from(in);
    const hdf5::Id space = space_from(in, growing);
    const hdf5::Id made(H5Acreate2(file, name, type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT),
                        H5Aclose);
    hssize_t count = 0;
    if (made && writable(space.get(), type.get(), count)) {
        const auto values = values_from(in, count, H5Tget_size(type.get()));
        H5Awrite(made.get(), type.get(), values.data());
    }
}

void add_other(hid_t file, Input& in) {
    const char* name = in.one_of(dataset_names);
    switch (in.byte() % 5) {
        case 0:
            H5Lcreate_soft("/somewhere", file, name, H5P_DEFAULT, H5P_DEFAULT);
            break;
        case 1:
            H5Lcreate_external("other.h5", "/x", file, name, H5P_DEFAULT, H5P_DEFAULT);
            break;
        case 2:
            H5Lcreate_hard(file, "/", file, name, H5P_DEFAULT, H5P_DEFAULT);
            break;
        case 3:
            hdf5::Id(H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
            break;
        default:
            H5Tcommit2(file, name, type_from(in).get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    }
}

void write_described(const std::filesystem::path& path, Input in) {
    const hdf5::Id file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose);
    fuzz::require(static_cast<bool>(file), "the scratch folder takes files");
    for (int things = 0; things < 16 && !in.empty(); ++things) {
        switch (in.byte() % 8) {
            case 0:
                add_other(file.get(), in);
                break;
            case 1:
            case 2:
                add_attribute(file.get(), in);
                break;
            default:
                add_dataset(file.get(), in);
        }
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    hdf5::prepare_library();
    const std::filesystem::path path = fuzz::scratch() / "described.h5";
    std::ofstream(path, std::ios::trunc).close();
    try {
        // The library's own writer crashes on some descriptions; it is not what is tested.
        rehearse(path, [&] { write_described(path, Input(data, size)); });
    } catch (const Error&) {
        return 0;
    }
    seal_file(path);
    fuzz::use_weights(path);
    fuzz::use_trials(path);
    fuzz::use_inputs(path);
    return 0;
}
