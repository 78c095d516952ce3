// SPDX-License-Identifier: MIT
#include "ranks/ranks.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <string>

#include "core/error.hpp"
#include "core/plugin.hpp"

namespace shoal {
namespace {

/// A variable of Open MPI's launcher, or else of those that follow MPICH.
int launched(const char* open_mpi, const char* mpich, int otherwise) {
    for (const char* name : {open_mpi, mpich}) {
        const char* text = std::getenv(name);
        if (text != nullptr && *text != '\0') {
            return std::atoi(text);
        }
    }
    return otherwise;
}

}  // namespace

int launched_count() {
    return launched("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", 1);
}

int launched_rank() {
    return launched("OMPI_COMM_WORLD_RANK", "PMI_RANK", 0);
}

std::unique_ptr<Ranks> join_ranks(bool needed) {
    if (launched_count() <= 1) {
        return nullptr;
    }
    const std::string path = plugin_path("SHOAL_MPI_LIBRARY", "libshoal_mpi.so");
    if (path.empty() && !needed) {
        return nullptr;
    }
    if (path.empty()) {
        throw usage_error(fmt::format(
            "mpirun started {} processes, but this program was built without MPI (CMake option "
            "SHOAL_MPI); start them with --shard any/n --resume, which needs no MPI",
            launched_count()));
    }
    // Global: Open MPI loads parts of itself that look for its symbols.
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (library == nullptr) {
        throw device_error(dlerror());
    }
    using Entry = const MpiPlugin* (*)();
    const auto entry = reinterpret_cast<Entry>(dlsym(library, "shoal_mpi_plugin"));
    const MpiPlugin* plugin = entry != nullptr ? entry() : nullptr;
    if (plugin == nullptr || plugin->version != MpiPlugin::current_version) {
        throw device_error(fmt::format("{} does not belong to this version of shoal", path));
    }
    auto ranks = plugin->join();
    if (ranks->count() <= 1) {
        throw usage_error(
            "the MPI that this program was built with is not the one of this mpirun: every process "
            "believes to be alone; start it with that MPI's mpirun");
    }
    return ranks;
}

}  // namespace shoal
