// SPDX-License-Identifier: MIT
#include "core/parallel.hpp"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace shoal {

int available_threads() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        return std::max(1, CPU_COUNT(&set));
    }
    return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

void parallel_for(std::size_t count, int threads,
                  const std::function<void(std::size_t index, int worker)>& task) {
    const int workers = static_cast<int>(
        std::min<std::size_t>(count, static_cast<std::size_t>(std::max(1, threads))));
    if (workers <= 1) {
        for (std::size_t i = 0; i < count; ++i) {
            task(i, 0);
        }
        return;
    }
    std::atomic<std::size_t> next{0};
    std::exception_ptr first_problem;
    std::mutex problem_mutex;
    const auto work = [&](int worker) {
        try {
            for (std::size_t i = next++; i < count; i = next++) {
                task(i, worker);
            }
        } catch (...) {
            next = count;
            const std::lock_guard lock(problem_mutex);
            if (!first_problem) {
                first_problem = std::current_exception();
            }
        }
    };
    {
        std::vector<std::jthread> pool;
        for (int worker = 1; worker < workers; ++worker) {
            pool.emplace_back(work, worker);
        }
        work(0);
    }
    if (first_problem) {
        std::rethrow_exception(first_problem);
    }
}

}  // namespace shoal
