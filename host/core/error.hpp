// SPDX-License-Identifier: MIT
// Errors by five rules:
//   1. a mistake the compiler can see        -> static_assert
//   2. something that may normally be absent -> std::optional
//   3. a broken invariant in a hot loop      -> assert (debug builds)
//   4. a broken invariant elsewhere          -> check(), always on
//   5. bad input, files, devices             -> throw Error with the exit code it means
// Only main() turns an Error into an exit code.
#pragma once

#include <source_location>
#include <stdexcept>
#include <string>

namespace shoal {

/// Exit codes of the program; part of its public contract.
enum class ExitCode : int {
    done = 0,
    failure = 1,      // anything else
    usage = 2,        // bad command line or configuration
    file = 3,         // bad, damaged or missing file
    device = 4,       // backend or device not available
    interrupted = 5,  // stopped early; what was finished is kept
};

/// A problem the user can act on. The message is one or two lines: what, where, what would be
/// right.
class Error : public std::runtime_error {
  public:
    Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
    ExitCode code() const { return code_; }

  private:
    ExitCode code_;
};

inline Error usage_error(const std::string& message) {
    return {ExitCode::usage, message};
}
inline Error file_error(const std::string& message) {
    return {ExitCode::file, message};
}
inline Error device_error(const std::string& message) {
    return {ExitCode::device, message};
}

/// Always-on invariant: throws std::logic_error naming the place. A failure is a bug of shoal.
void check(bool invariant, const char* what,
           const std::source_location& where = std::source_location::current());

}  // namespace shoal
