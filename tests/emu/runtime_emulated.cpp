// SPDX-License-Identifier: MIT
#include "runtime_emulated.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "core/error.hpp"
#include "emulator.hpp"
#include "support/runtime.hpp"

namespace shoal::emu {
namespace {

struct EmulatedStream {
    bool capturing = false;
    std::vector<std::function<void()>> captured;
};

struct EmulatedGraph {
    std::vector<std::function<void()>> work;
};

struct EmulatedEvent {
    std::chrono::steady_clock::time_point when;
};

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// Memory handed out, so that it runs out where the emulated device's would.
class Memory {
  public:
    void* allocate(std::size_t bytes) {
        const std::lock_guard lock(mutex_);
        if (bytes > available()) {
            throw device_error(
                fmt::format("device 0 (emulated): {}: out of memory", cuda::Phase::current()));
        }
        void* memory = std::malloc(bytes);
        // Fresh device memory holds anything: NaN shows whoever reads it too early.
        std::memset(memory, 0xff, bytes);
        sizes_.emplace(memory, bytes);
        used_ += bytes;
        register_memory(memory, bytes, fmt::format("allocation of {} bytes", bytes));
        return memory;
    }
    void release(void* memory) {
        const std::lock_guard lock(mutex_);
        const auto found = sizes_.find(memory);
        used_ -= found->second;
        sizes_.erase(found);
        forget_memory(memory);
        std::free(memory);
    }
    std::uint64_t free_bytes() {
        const std::lock_guard lock(mutex_);
        return available();
    }

  private:
    std::uint64_t available() const { return emulated_limits().memory - used_; }
    std::mutex mutex_;
    std::map<void*, std::size_t> sizes_;
    std::uint64_t used_ = 0;
};

Memory& device_memory() {
    static Memory memory;
    return memory;
}

}  // namespace

void submit(void* stream, std::function<void()> work) {
    auto* target = static_cast<EmulatedStream*>(stream);
    if (target->capturing) {
        target->captured.push_back(std::move(work));
    } else {
        work();
    }
}

cuda::DeviceLimits emulated_limits() {
    auto limits = cuda::typical_limits(
        static_cast<int>(number_from_environment("SHOAL_EMULATED_DEVICE", 90)));
    limits.name = "emulated " + limits.name;
    limits.memory = number_from_environment("SHOAL_EMULATED_MEMORY", std::uint64_t{4} << 30);
    return limits;
}

void take_schedule_from_environment() {
    const char* name = "SHOAL_EMULATED_SCHEDULE";
    if (std::getenv(name) != nullptr) {
        set_schedule(number_from_environment(name, 0));
    }
}

}  // namespace shoal::emu

namespace shoal::cuda {

int device_count(std::string*) {
    return static_cast<int>(emu::number_from_environment("SHOAL_EMULATED_COUNT", 1));
}
DeviceLimits device_limits(int) {
    return emu::emulated_limits();
}
void use_device(int) {}
std::uint64_t free_device_memory() {
    return emu::device_memory().free_bytes();
}

Ceilings measure_device_ceilings(double) {
    throw device_error("the emulated device has no speed worth measuring: bench needs a GPU");
}

namespace raw {

void push_range(const char*) {}
void pop_range() {}
void* allocate(std::size_t bytes) {
    return emu::device_memory().allocate(bytes);
}
void release(void* memory) noexcept {
    emu::device_memory().release(memory);
}
void* allocate_pinned(std::size_t bytes) {
    return std::malloc(bytes);
}
void release_pinned(void* memory) noexcept {
    std::free(memory);
}
void* make_stream() {
    return new emu::EmulatedStream;
}
void release_stream(void* stream) noexcept {
    delete static_cast<emu::EmulatedStream*>(stream);
}
void* make_event() {
    return new emu::EmulatedEvent;
}
void release_event(void* event) noexcept {
    delete static_cast<emu::EmulatedEvent*>(event);
}
void release_graph(void* graph) noexcept {
    delete static_cast<emu::EmulatedGraph*>(graph);
}
void copy_to_device(void* to, const void* from, std::size_t bytes, void* stream) {
    emu::submit(stream, [=] { std::memcpy(to, from, bytes); });
}
void copy_to_host(void* to, const void* from, std::size_t bytes, void* stream) {
    emu::submit(stream, [=] { std::memcpy(to, from, bytes); });
}
void copy_on_device(void* to, const void* from, std::size_t bytes, void* stream) {
    emu::submit(stream, [=] { std::memcpy(to, from, bytes); });
}

}  // namespace raw

void Stream::synchronize() {}

void Event::record(Stream&) {
    static_cast<emu::EmulatedEvent*>(handle_.get())->when = std::chrono::steady_clock::now();
}
void Event::make_wait(Stream&) {}
double Event::seconds_since(const Event& earlier) {
    const auto* from = static_cast<const emu::EmulatedEvent*>(earlier.handle_.get());
    const auto* to = static_cast<const emu::EmulatedEvent*>(handle_.get());
    return std::chrono::duration<double>(to->when - from->when).count();
}
void Event::synchronize() {}

void Graph::begin_capture(Stream& stream) {
    static_cast<emu::EmulatedStream*>(stream.get())->capturing = true;
}
Graph Graph::end_capture(Stream& stream) {
    auto* source = static_cast<emu::EmulatedStream*>(stream.get());
    source->capturing = false;
    Graph graph;
    graph.handle_ =
        Handle<raw::release_graph>(new emu::EmulatedGraph{std::exchange(source->captured, {})});
    return graph;
}
void Graph::launch(Stream& stream) {
    auto* graph = static_cast<emu::EmulatedGraph*>(handle_.get());
    emu::submit(stream.get(), [graph] {
        for (const auto& work : graph->work) {
            work();
        }
    });
}

}  // namespace shoal::cuda
