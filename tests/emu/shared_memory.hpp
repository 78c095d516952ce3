// SPDX-License-Identifier: MIT
// A block's shared memory and the shadow that watches over it: per word who touched it last, and
// when. "When" is the epoch (a number that every block, cluster and grid barrier raises) and,
// within a warp, the tick (raised by sync_warp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

/// The bookkeeping is no part of the kernel: ThreadSanitizer shall not see it.
#define SHOAL_EMU_UNSEEN __attribute__((no_sanitize("thread")))

namespace shoal::emu {

/// What the checks need to know of a thread.
struct Actor {
    std::uint16_t id = 0;                    ///< number in its cluster
    std::uint16_t warp_id = 0;               ///< the same of its warp
    const std::uint32_t* epoch = nullptr;    ///< of its block
    const std::uint32_t* settled = nullptr;  ///< accesses of earlier epochs are before any of now
    const std::uint32_t* tick = nullptr;     ///< of its warp
    bool checks = true;                      ///< off: accesses are not watched
};

/// One access of the past.
struct Access {
    static constexpr std::uint16_t nobody = 0xffff;
    std::uint32_t epoch = 0;
    std::uint32_t tick = 0;
    std::uint16_t id = nobody;
    std::uint16_t warp_id = nobody;
};

class SharedMemory {
  public:
    SharedMemory() = default;
    SharedMemory(const SharedMemory&) = delete;
    SharedMemory& operator=(const SharedMemory&) = delete;
    ~SharedMemory();

    /// Memory for a block that starts in this epoch: `bytes` of 0xff (as floats NaN), none of them
    /// written. An allocation of its own, so that AddressSanitizer knows where it ends.
    void reset(std::size_t bytes, std::uint32_t epoch);

    /// The block has left the kernel: no access is right from here on.
    void end() { ended_ = true; }

    std::byte* data() const { return data_; }
    std::size_t size() const { return size_; }

    /// Checks and records an access of `bytes` at a byte offset inside the memory. Throws Fault.
    template <std::size_t bytes>
    SHOAL_EMU_UNSEEN void read(const Actor& who, std::size_t offset) {
        if constexpr (bytes < 4) {
            read_word(who, offset / 4, part<bytes>(offset));
        } else {
            static_assert(bytes % 4 == 0);
            for (std::size_t i = offset / 4; i < (offset + bytes) / 4; ++i) {
                read_word(who, i, 0xf);
            }
        }
    }
    template <std::size_t bytes>
    SHOAL_EMU_UNSEEN void write(const Actor& who, std::size_t offset) {
        if constexpr (bytes < 4) {
            write_word(who, offset / 4, part<bytes>(offset));
        } else {
            static_assert(bytes % 4 == 0);
            for (std::size_t i = offset / 4; i < (offset + bytes) / 4; ++i) {
                write_word(who, i, 0xf);
            }
        }
    }

  private:
    /// Sets of bytes have a bit per byte.
    struct Word {
        Access writer;
        Access reader;             ///< the latest
        Access other_reader;       ///< one more of this epoch, of another warp if there was any
        std::uint32_t since = 0;   ///< `written` is about the block that started in this epoch
        std::uint8_t written = 0;  ///< bytes that have a value
        std::uint8_t writer_bytes = 0;
        std::uint8_t reader_bytes = 0;
    };

    template <std::size_t bytes>
    SHOAL_EMU_UNSEEN static std::uint8_t part(std::size_t offset) {
        return static_cast<std::uint8_t>(((1u << bytes) - 1u) << (offset % 4));
    }

    SHOAL_EMU_UNSEEN void read_word(const Actor& who, std::size_t index, std::uint8_t bytes) {
        Word& word = shadow_[index];
        if (ended_) {
            report_ended(who);
        }
        if (word.since != since_ || (word.written & bytes) != bytes) {
            report_unwritten(who, index);
        }
        if (unsettled(who, word.writer) && (word.writer_bytes & bytes) != 0) {
            report_if_race(who, word.writer, index, "wrote", "reads");
        }
        note_reader(who, word, bytes);
    }
    SHOAL_EMU_UNSEEN void write_word(const Actor& who, std::size_t index, std::uint8_t bytes) {
        Word& word = shadow_[index];
        if (ended_) {
            report_ended(who);
        }
        if (unsettled(who, word.writer) && (word.writer_bytes & bytes) != 0) {
            report_if_race(who, word.writer, index, "wrote", "writes");
        }
        if ((word.reader_bytes & bytes) != 0) {
            if (unsettled(who, word.reader)) {
                report_if_race(who, word.reader, index, "read", "writes");
            }
            if (unsettled(who, word.other_reader)) {
                report_if_race(who, word.other_reader, index, "read", "writes");
            }
        }
        word.writer = now(who);
        word.writer_bytes = bytes;
        word.written =
            static_cast<std::uint8_t>(word.since == since_ ? word.written | bytes : bytes);
        word.since = since_;
    }

    SHOAL_EMU_UNSEEN static Access now(const Actor& who) {
        return {*who.epoch, *who.tick, who.id, who.warp_id};
    }
    /// Whether the order of a past access and one of now is in doubt.
    SHOAL_EMU_UNSEEN static bool unsettled(const Actor& who, const Access& past) {
        return past.epoch >= *who.settled && past.id != who.id;
    }
    SHOAL_EMU_UNSEEN static void note_reader(const Actor& who, Word& word, std::uint8_t bytes) {
        if (word.reader.epoch != *who.epoch) {
            word.other_reader = word.reader;
            word.reader_bytes = 0;
        } else if (word.reader.id != who.id &&
                   (word.reader.warp_id != who.warp_id || word.other_reader.epoch != *who.epoch ||
                    word.other_reader.warp_id == who.warp_id)) {
            // Two readers of different warps, once seen, stay: no write can be in order with both.
            word.other_reader = word.reader;
        }
        word.reader = now(who);
        word.reader_bytes = static_cast<std::uint8_t>(word.reader_bytes | bytes);
    }

    static void report_if_race(const Actor& who, const Access& past, std::size_t word,
                               const char* did, const char* does);
    static void report_unwritten(const Actor& who, std::size_t word);
    static void report_ended(const Actor& who);

    std::byte* data_ = nullptr;
    std::size_t size_ = 0;
    std::unique_ptr<Word[]> words_;
    std::size_t words_size_ = 0;
    Word* shadow_ = nullptr;
    std::uint32_t since_ = 0;
    bool ended_ = false;
};

}  // namespace shoal::emu
