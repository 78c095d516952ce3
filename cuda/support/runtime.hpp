// SPDX-License-Identifier: MIT
// Device memory, streams, events and graphs as owning types, and everything of the CUDA runtime
// that the host side uses. Plain C++: runtime.cpp implements it on CUDA; the tests implement it on
// the emulator and run the same host side. Every call is checked; a failure throws a device error
// (exit code 4) that names the operation, the networks it was for, the device and CUDA's own
// message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/backend.hpp"
#include "launch/policy.hpp"

namespace shoal::cuda {

/// Devices this process can use; 0 without a driver or a GPU. `reason` says why there is none.
int device_count(std::string* reason = nullptr);
DeviceLimits device_limits(int device);
/// The device on which this thread's following calls work.
void use_device(int device);
std::uint64_t free_device_memory();

/// Rates of the current device: fp32 and tf32 as cuBLAS reaches them on matrices of 8192 by 8192,
/// and a copy within device memory, bytes read plus bytes written.
Ceilings measure_device_ceilings(double seconds);

/// What this thread is doing, for error messages and as an NVTX range of shoal's own domain.
class Phase {
  public:
    explicit Phase(const char* name) : Phase(name, {}, {}, 0) {}
    /// Work on some networks, named by the first and the last of them (their uids), which outlive
    /// the phase.
    Phase(const char* name, std::string_view first, std::string_view last, std::size_t networks);
    ~Phase();
    Phase(const Phase&) = delete;
    Phase& operator=(const Phase&) = delete;
    /// "FORCE trial of 96 networks (0ac1... to 9be0...)", or "" outside of any phase.
    static std::string current();

  private:
    const char* name_;
    std::string_view first_;
    std::string_view last_;
    std::size_t networks_;
    Phase* outer_;
};

/// Untyped calls below the owning types.
namespace raw {
void* allocate(std::size_t bytes);
void release(void* memory) noexcept;
void* allocate_pinned(std::size_t bytes);
void release_pinned(void* memory) noexcept;
void* make_stream();
void release_stream(void* stream) noexcept;
void* make_event();
void release_event(void* event) noexcept;
void release_graph(void* graph) noexcept;
void copy_to_device(void* to, const void* from, std::size_t bytes, void* stream);
void copy_to_host(void* to, const void* from, std::size_t bytes, void* stream);
void copy_on_device(void* to, const void* from, std::size_t bytes, void* stream);
void push_range(const char* name);
void pop_range();
}  // namespace raw

/// Owns what `Release` gives back.
template <auto Release>
class Handle {
  public:
    Handle() = default;
    explicit Handle(void* owned) : owned_(owned) {}
    Handle(Handle&& other) noexcept : owned_(std::exchange(other.owned_, nullptr)) {}
    Handle& operator=(Handle&& other) noexcept {
        std::swap(owned_, other.owned_);
        return *this;
    }
    ~Handle() {
        if (owned_ != nullptr) {
            Release(owned_);
        }
    }
    void* get() const { return owned_; }
    explicit operator bool() const { return owned_ != nullptr; }

  private:
    void* owned_ = nullptr;
};

/// Work in order; the calls return at once.
class Stream {
  public:
    Stream() : handle_(raw::make_stream()) {}
    void* get() const { return handle_.get(); }
    void synchronize();

  private:
    Handle<raw::release_stream> handle_;
};

/// A point in a stream's work.
class Event {
  public:
    Event() : handle_(raw::make_event()) {}
    void record(Stream& stream);
    /// Further work of `stream` waits for this event.
    void make_wait(Stream& stream);
    /// Seconds from `earlier` to this one; both have happened.
    double seconds_since(const Event& earlier);
    void synchronize();

  private:
    Handle<raw::release_event> handle_;
};

/// Launches that were captured from a stream, to be launched again as one.
class Graph {
  public:
    Graph() = default;
    /// What is sent to `stream` between the two is recorded instead of done.
    static void begin_capture(Stream& stream);
    static Graph end_capture(Stream& stream);
    void launch(Stream& stream);
    explicit operator bool() const { return static_cast<bool>(handle_); }

  private:
    Handle<raw::release_graph> handle_;
};

/// Array in device memory. Uninitialised.
template <typename T>
class DeviceArray {
  public:
    DeviceArray() = default;
    explicit DeviceArray(std::size_t size)
        : handle_(size > 0 ? raw::allocate(size * sizeof(T)) : nullptr), size_(size) {}
    DeviceArray(std::span<const T> values, Stream& stream) : DeviceArray(values.size()) {
        upload(values, stream);
    }
    T* data() const { return static_cast<T*>(handle_.get()); }
    std::size_t size() const { return size_; }
    /// The values must live until the stream has got there.
    void upload(std::span<const T> values, Stream& stream, std::size_t at = 0) {
        if (!values.empty()) {
            raw::copy_to_device(data() + at, values.data(), values.size_bytes(), stream.get());
        }
    }
    void download(std::span<T> values, Stream& stream, std::size_t at = 0) const {
        if (!values.empty()) {
            raw::copy_to_host(values.data(), data() + at, values.size_bytes(), stream.get());
        }
    }

  private:
    Handle<raw::release> handle_;
    std::size_t size_ = 0;
};

/// Makes room for at least `size`; what was in the array is lost when it grows.
template <class Array>
void reserve(Array& array, std::size_t size) {
    if (array.size() < size) {
        array = Array();
        array = Array(size + size / 2);
    }
}

/// Array in page-locked host memory, from which and to which copies run beside computation.
template <typename T>
class PinnedArray {
  public:
    PinnedArray() = default;
    explicit PinnedArray(std::size_t size)
        : handle_(size > 0 ? raw::allocate_pinned(size * sizeof(T)) : nullptr), size_(size) {}
    T* data() const { return static_cast<T*>(handle_.get()); }
    std::size_t size() const { return size_; }
    T& operator[](std::size_t i) const { return data()[i]; }
    std::span<T> span() const { return {data(), size_}; }

  private:
    Handle<raw::release_pinned> handle_;
    std::size_t size_ = 0;
};

}  // namespace shoal::cuda
