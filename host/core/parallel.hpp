// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>

namespace shoal {

/// Processors this process may use (affinity respected), at least 1.
int available_threads();

/// Calls task(i, worker) once for every i in [0, count), on up to `threads` threads, handing out
/// indices in order; `worker` in [0, threads) names the thread. Results must not depend on which
/// worker ran them. The first exception is rethrown after all threads have stopped; no further
/// index is handed out after it.
void parallel_for(std::size_t count, int threads,
                  const std::function<void(std::size_t index, int worker)>& task);

}  // namespace shoal
