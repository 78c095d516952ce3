// SPDX-License-Identifier: MIT
#include "store/hdf5.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <utility>

#include "core/error.hpp"

namespace shoal::hdf5 {
namespace {

/// deflate, the filter with the largest ratio, cannot shrink data further than this.
constexpr std::uint64_t largest_compression = 1032;

/// After a full disk the library's own clean-up at exit writes once more, and crashes.
bool write_failed = false;

/// What went wrong when something was closed, which writes what the library still held of it: a
/// destructor has no other way to tell.
std::string close_problem;

herr_t keep_innermost(unsigned depth, const H5E_error2_t* error, void* text) {
    if (depth == 0 && error->desc != nullptr) {
        *static_cast<std::string*>(text) = error->desc;
    }
    return 0;
}

}  // namespace

Id& Id::operator=(Id&& other) noexcept {
    if (this != &other) {
        reset();
        value_ = std::exchange(other.value_, -1);
        close_ = other.close_;
    }
    return *this;
}

herr_t Id::reset() {
    const hid_t value = std::exchange(value_, -1);
    // Closing a dataset that could not be written whole can crash HDF5 1.10: the process is about
    // to end with an error, and lets go of everything then.
    if (value < 0 || write_failed) {
        return 0;
    }
    const herr_t result = close_(value);
    if (result < 0 && close_problem.empty()) {
        close_problem = last_problem();
    }
    return result;
}

void prepare_library() {
    static const bool once = [] {
        H5dont_atexit();
        return std::atexit([] {
                   if (!write_failed) {
                       H5close();
                   }
               }) == 0;
    }();
    static_cast<void>(once);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

void skip_clean_up_at_exit() {
    write_failed = true;
}

std::string take_close_problem() {
    return std::exchange(close_problem, {});
}

std::string last_problem() {
    std::string text;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, &text);
    // Of "..., errno = 28, error message = 'No space left on device', ..." what the system said.
    const std::string_view mark = "error message = '";
    if (const std::size_t at = text.find(mark); at != std::string::npos) {
        text = text.substr(at + mark.size());
        text = text.substr(0, text.find('\''));
    }
    return text.empty() ? "unknown HDF5 error" : text;
}

std::string to_text(const Extents& extents) {
    return fmt::format("[{}]", fmt::join(extents, ", "));
}

std::optional<std::uint64_t> byte_count(const Extents& extents, std::uint64_t element_bytes) {
    std::uint64_t bytes = element_bytes;
    for (const std::uint64_t extent : extents) {
        if (extent != 0 && bytes > std::numeric_limits<std::uint64_t>::max() / extent) {
            return std::nullopt;
        }
        bytes *= extent;
    }
    return bytes;
}

ReadGroup::ReadGroup(const std::filesystem::path& path, Axes axes)
    : file_(std::make_shared<File>()) {
    prepare_library();
    std::error_code problem;
    if (!std::filesystem::is_regular_file(path, problem)) {
        throw file_error(fmt::format("{}: no such file", path.string()));
    }
    file_->path = path;
    file_->axes = axes;
    file_->bytes = std::filesystem::file_size(path);
    file_->id = Id(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
    if (!file_->id) {
        throw file_error(
            fmt::format("{}: is not a readable HDF5 file: {}", path.string(), last_problem()));
    }
    id_ = std::make_shared<Id>(H5Gopen2(file_->id.get(), "/", H5P_DEFAULT), H5Gclose);
    if (!*id_) {
        throw file_error(
            fmt::format("{}: is a damaged HDF5 file: {}", path.string(), last_problem()));
    }
}

ReadGroup::ReadGroup(std::shared_ptr<File> file, std::string name, Id id)
    : file_(std::move(file)), name_(std::move(name)), id_(std::make_shared<Id>(std::move(id))) {}

std::string ReadGroup::where(const std::string& name) const {
    return fmt::format("{}: {}/{}", file_->path.string(), name_, name);
}

void ReadGroup::fail(const std::string& name, const std::string& what) const {
    throw file_error(fmt::format("{}: {}", where(name), what));
}

bool ReadGroup::has(const std::string& name) const {
    if (H5Lexists(id_->get(), name.c_str(), H5P_DEFAULT) <= 0) {
        return false;
    }
    H5L_info_t info;
    if (H5Lget_info(id_->get(), name.c_str(), &info, H5P_DEFAULT) < 0 ||
        info.type != H5L_TYPE_HARD) {
        fail(name, "is a link, not a dataset or group of this file");
    }
    return true;
}

ReadGroup ReadGroup::group(const std::string& name) const {
    if (!has(name)) {
        fail(name, "missing group");
    }
    Id id(H5Gopen2(id_->get(), name.c_str(), H5P_DEFAULT), H5Gclose);
    if (!id) {
        fail(name, "cannot be opened as a group: " + last_problem());
    }
    return {file_, name_ + "/" + name, std::move(id)};
}

std::vector<ReadGroup::Link> ReadGroup::links() const {
    H5G_info_t info;
    if (H5Gget_info(id_->get(), &info) < 0) {
        fail("", "cannot be listed: " + last_problem());
    }
    const Id creation(H5Gget_create_plist(id_->get()), H5Pclose);
    unsigned order = 0;
    H5Pget_link_creation_order(creation.get(), &order);
    const H5_index_t index = (order & H5P_CRT_ORDER_TRACKED) ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
    std::vector<Link> links;
    for (hsize_t i = 0; i < info.nlinks; ++i) {
        char name[256];
        const ssize_t length = H5Lget_name_by_idx(id_->get(), ".", index, H5_ITER_INC, i, name,
                                                  sizeof name, H5P_DEFAULT);
        if (length < 0 || length >= static_cast<ssize_t>(sizeof name)) {
            fail("", "cannot be listed: " + last_problem());
        }
        H5O_info_t object;
        if (!has(name)) {
            fail(name, "is listed but not there");
        }
        if (H5Oget_info_by_name2(id_->get(), name, &object, H5O_INFO_BASIC, H5P_DEFAULT) < 0) {
            fail(name, "cannot be opened: " + last_problem());
        }
        links.push_back({name, object.type == H5O_TYPE_GROUP});
    }
    return links;
}

std::vector<std::string> ReadGroup::groups() const {
    std::vector<std::string> names;
    for (const Link& link : links()) {
        if (link.is_group) {
            names.push_back(link.name);
        }
    }
    return names;
}

Id ReadGroup::open_dataset(const std::string& name) const {
    if (!has(name)) {
        fail(name, "missing dataset");
    }
    Id dataset(H5Dopen2(id_->get(), name.c_str(), H5P_DEFAULT), H5Dclose);
    if (!dataset) {
        fail(name, "cannot be opened as a dataset: " + last_problem());
    }
    return dataset;
}

/// Extents, checked against what the file can hold.
Extents ReadGroup::checked_extents(hid_t dataset, const std::string& name) const {
    const Id space(H5Dget_space(dataset), H5Sclose);
    const Id type(H5Dget_type(dataset), H5Tclose);
    const Id creation(H5Dget_create_plist(dataset), H5Pclose);
    if (!space || !type || !creation || H5Sis_simple(space.get()) <= 0) {
        fail(name, "is damaged: " + last_problem());
    }
    const H5D_layout_t layout = H5Pget_layout(creation.get());
    const bool inside = layout == H5D_COMPACT || layout == H5D_CONTIGUOUS || layout == H5D_CHUNKED;
    if (!inside || (layout == H5D_CONTIGUOUS && H5Pget_external_count(creation.get()) != 0)) {
        fail(name, "keeps its data in other files, which is not read");
    }
    const int rank = H5Sget_simple_extent_ndims(space.get());
    if (rank < 0) {
        fail(name, "is damaged: " + last_problem());
    }
    std::vector<hsize_t> sizes(static_cast<std::size_t>(rank));
    if (H5Sget_simple_extent_dims(space.get(), sizes.data(), nullptr) < 0) {
        fail(name, "is damaged: " + last_problem());
    }
    Extents extents(sizes.begin(), sizes.end());
    const bool filtered =
        H5Pget_nfilters(creation.get()) > 0 && H5Tget_class(type.get()) != H5T_STRING;
    const auto bytes = byte_count(extents, std::max<std::uint64_t>(H5Tget_size(type.get()), 1));
    if (!bytes || *bytes / (filtered ? largest_compression : 1) > file_->bytes) {
        fail(name, fmt::format("has extents {}, more than the file of {} bytes can hold",
                               to_text(extents), file_->bytes));
    }
    if (layout == H5D_CHUNKED) {
        // A chunk comes into memory whole, whatever the extents are.
        std::vector<hsize_t> chunk(extents.size());
        H5Pget_chunk(creation.get(), rank, chunk.data());
        const auto chunk_bytes =
            byte_count(Extents(chunk.begin(), chunk.end()), H5Tget_size(type.get()));
        const bool compressed = H5Pget_nfilters(creation.get()) > 0;
        if (!chunk_bytes || *chunk_bytes / (compressed ? largest_compression : 1) > file_->bytes) {
            fail(name, fmt::format("has chunks {}, more than the file of {} bytes can hold",
                                   to_text(Extents(chunk.begin(), chunk.end())), file_->bytes));
        }
    }
    return extents;
}

/// Stored extents as the reader sees them, with so many axes if they can have them.
Extents ReadGroup::shown(Extents stored, std::size_t axes) const {
    if (file_->axes == Axes::as_stored) {
        return stored;
    }
    std::reverse(stored.begin(), stored.end());
    if (stored.size() + 1 == axes) {
        stored.push_back(1);
    } else if (stored.size() == axes + 1 && stored.back() == 1) {
        stored.pop_back();
    } else if (stored.size() == axes + 1 && stored.front() == 1) {
        stored.erase(stored.begin());
    }
    return stored;
}

Extents ReadGroup::extents(const std::string& name) const {
    const Extents stored = checked_extents(open_dataset(name).get(), name);
    return shown(stored, stored.size());
}

Extents ReadGroup::extents(const std::string& name, const std::vector<std::string>& axes) const {
    const Extents found = shown(checked_extents(open_dataset(name).get(), name), axes.size());
    if (found.size() != axes.size()) {
        fail(name, fmt::format("expected {} axes [{}], found shape {}", axes.size(),
                               fmt::join(axes, ", "), to_text(found)));
    }
    return found;
}

void ReadGroup::require_extents(hid_t dataset, const std::string& name,
                                const Extents& expected) const {
    const Extents found = checked_extents(dataset, name);
    if (found != expected) {
        fail(name, fmt::format("expected shape {}, found {}", to_text(expected), to_text(found)));
    }
}

}  // namespace shoal::hdf5
