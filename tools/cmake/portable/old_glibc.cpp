// SPDX-License-Identifier: MIT
// What static libgcc, static libstdc++ and our own code would take from glibc 2.35 and 2.36, said
// in terms of older ones. ShoalPortable.cmake links this into everything that SHOAL_PORTABLE
// builds.
#include <dlfcn.h>
#include <link.h>
#include <sys/random.h>

#include <cstdint>
#include <cstdlib>

// The version of hypot that every glibc for x86-64 has. The linker turns calls of hypot into calls
// of __wrap_hypot (--wrap). Results are the same; only errno on overflow is set by another route.
__asm__(".symver old_hypot, hypot@GLIBC_2.2.5");
extern "C" double old_hypot(double x, double y);

extern "C" [[gnu::visibility("hidden")]] double __wrap_hypot(double x, double y) {
    return old_hypot(x, y);
}

// std::random_device takes its numbers here.
extern "C" [[gnu::visibility("hidden")]] std::uint32_t arc4random() noexcept {
    std::uint32_t number = 0;
    if (getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number)) {
        std::abort();  // as glibc does
    }
    return number;
}

namespace {

struct Search {
    ElfW(Addr) address;
    void* unwind_table = nullptr;
};

int look_into(dl_phdr_info* object, size_t, void* given) {
    auto* search = static_cast<Search*>(given);
    void* table = nullptr;
    bool inside = false;
    for (int i = 0; i < object->dlpi_phnum; ++i) {
        const ElfW(Phdr)& part = object->dlpi_phdr[i];
        const ElfW(Addr) start = object->dlpi_addr + part.p_vaddr;
        if (part.p_type == PT_GNU_EH_FRAME) {
            table = reinterpret_cast<void*>(start);
        } else if (part.p_type == PT_LOAD) {
            inside |= search->address >= start && search->address < start + part.p_memsz;
        }
    }
    if (inside) {
        search->unwind_table = table;
    }
    return inside ? 1 : 0;
}

}  // namespace

// The unwinder of g++ 12 asks this for the unwind table (dlfo_eh_frame: PT_GNU_EH_FRAME) of the
// object that holds an address, and uses nothing else of the answer. -1: no such object.
extern "C" [[gnu::visibility("hidden")]] int _dl_find_object(void* address,
                                                             dl_find_object* result) noexcept {
    Search search{reinterpret_cast<ElfW(Addr)>(address)};
    dl_iterate_phdr(look_into, &search);
    if (search.unwind_table == nullptr) {
        return -1;
    }
    *result = {};
    result->dlfo_eh_frame = search.unwind_table;
    return 0;
}
