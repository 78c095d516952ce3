// SPDX-License-Identifier: MIT
// What stands for a pointer in an emulated kernel.
#pragma once

#include <cstddef>
#include <type_traits>

#include "shared_memory.hpp"

namespace shoal::emu {

/// Says where, by throwing Fault; returns if the thread's accesses are not watched.
void report_out_of_bounds(const Actor* who, bool shared, std::ptrdiff_t index, std::size_t count);
void report_misaligned(const Actor& who, const void* address, std::size_t alignment);

/// `count` values that a thread may touch. Copies, offsets (view + k) and comparisons are those of
/// a pointer. An element that can be written is a proxy: `float x = view[i]`, not `auto x =
/// view[i]`.
template <class T>
class View {
    using Value = std::remove_const_t<T>;
    static_assert(std::is_trivially_copyable_v<T>);

  public:
    class Element {
      public:
        explicit Element(const View& view, T* at) : view_(view), at_(at) {}
        Element(const Element&) = default;
        operator Value() const {
            view_.check_read(at_);
            return *at_;
        }
        const Element& operator=(const Value& value) const {
            view_.check_write(at_);
            *at_ = value;
            return *this;
        }
        const Element& operator=(const Element& other) const {
            return *this = static_cast<Value>(other);
        }
        const Element& operator+=(const Value& v) const {
            return update([&](auto x) { return x + v; });
        }
        const Element& operator-=(const Value& v) const {
            return update([&](auto x) { return x - v; });
        }
        const Element& operator*=(const Value& v) const {
            return update([&](auto x) { return x * v; });
        }

      private:
        template <class F>
        const Element& update(F f) const {
            return *this = static_cast<Value>(f(static_cast<Value>(*this)));
        }
        View view_;
        T* at_;
    };

    View() = default;
    View(std::nullptr_t) {}
    View(T* begin, std::size_t count, const Actor* who, SharedMemory* shared)
        : at_(begin), begin_(begin), end_(begin + count), who_(who), shared_(shared) {}
    View(const View<Value>& other) requires std::is_const_v<T> : at_(other.at_),
                                                                 begin_(other.begin_),
                                                                 end_(other.end_),
                                                                 who_(other.who_),
                                                                 shared_(other.shared_) {}
    View(const View& other) = default;
    View& operator=(const View& other) = default;

    template <class Index>
    auto operator[](Index index) const {
        return element(at_ + index);
    }
    auto operator*() const { return element(at_); }

    View operator+(std::ptrdiff_t k) const { return View(*this) += k; }
    View operator-(std::ptrdiff_t k) const { return View(*this) -= k; }
    View& operator+=(std::ptrdiff_t k) {
        at_ += k;
        return *this;
    }
    View& operator-=(std::ptrdiff_t k) {
        at_ -= k;
        return *this;
    }
    View& operator++() { return *this += 1; }
    std::ptrdiff_t operator-(const View& other) const { return at_ - other.at_; }
    bool operator==(const View& other) const { return at_ == other.at_; }
    explicit operator bool() const { return at_ != nullptr; }

    /// The address, for checks of alignment.
    T* address() const { return at_; }
    const Actor& who() const { return *who_; }

  private:
    template <class U>
    friend class View;

    auto element(T* at) const {
        if constexpr (std::is_const_v<T>) {
            check_read(at);
            return *at;
        } else {
            return Element(*this, at);
        }
    }
    SHOAL_EMU_UNSEEN bool watched(T* at) const {
        if (at < begin_ || at >= end_) {
            report_out_of_bounds(who_, shared_ != nullptr, at - begin_,
                                 static_cast<std::size_t>(end_ - begin_));
            return false;
        }
        return shared_ != nullptr && who_->checks;
    }
    SHOAL_EMU_UNSEEN std::size_t offset(T* at) const {
        return static_cast<std::size_t>(reinterpret_cast<const std::byte*>(at) - shared_->data());
    }
    SHOAL_EMU_UNSEEN void check_read(T* at) const {
        if (watched(at)) {
            shared_->template read<sizeof(T)>(*who_, offset(at));
        }
    }
    SHOAL_EMU_UNSEEN void check_write(T* at) const {
        if (watched(at)) {
            shared_->template write<sizeof(T)>(*who_, offset(at));
        }
    }

    T* at_ = nullptr;
    T* begin_ = nullptr;
    T* end_ = nullptr;
    const Actor* who_ = nullptr;
    SharedMemory* shared_ = nullptr;
};

}  // namespace shoal::emu
