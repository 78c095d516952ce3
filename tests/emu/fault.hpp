// SPDX-License-Identifier: MIT
// What the emulator reports about a kernel.
#pragma once

#include <stdexcept>
#include <string>

namespace shoal::emu {

enum class FaultKind {
    race,                  ///< two threads at one shared word, one writing, no barrier between
    divergent_barrier,     ///< threads of a block at different barriers, or one gone for good
    shared_out_of_bounds,  ///< outside a view of shared memory, or a view outside the memory
    unwritten_shared,      ///< a read of shared memory that no thread of the block has written
    warp_mask,             ///< lanes of a warp operation that disagree, or one that cannot come
    foreign_store,         ///< global access outside the memory the kernel was given
    misaligned,            ///< an address the access' width does not divide
    block_lifetime,        ///< shared memory of a block that may not have started or has ended
    deadlock,              ///< every thread waits
    bad_launch,            ///< no device would take this launch, or this call in this launch
};

/// The name of a kind, as written above.
const char* name(FaultKind kind);

/// Leaves launch(). The message names the kernel, the block, the threads and their source lines.
class Fault : public std::runtime_error {
  public:
    Fault(FaultKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
    FaultKind kind() const { return kind_; }

  private:
    FaultKind kind_;
};

}  // namespace shoal::emu
