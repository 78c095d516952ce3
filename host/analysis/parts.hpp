// SPDX-License-Identifier: MIT
// A long analysis in parts: what it tells of them as it goes, and how it goes on behind one.
#pragma once

#include <algorithm>
#include <ctime>
#include <memory>
#include <span>
#include <string_view>

#include "core/error.hpp"
#include "core/stop.hpp"
#include "records/full_records.hpp"
#include "records/records.hpp"

namespace shoal {

/// Is told of every part, on the thread that computes it.
class PartObserver {
  public:
    virtual ~PartObserver() = default;
    virtual void begins(const char* /*part*/) {}
    /// `begun` holds all that the parts behind this one build on.
    virtual void ends(BegunAnalysis /*begun*/, double /*processor_seconds*/) {}
};

/// The parts of one analysis, in order.
class Parts {
  public:
    using Names = std::span<const char* const>;

    /// Goes on behind the last finished part of `begun`, if there is one among `names`: begun() is
    /// what to go on from.
    Parts(Names names, PartObserver& observer, const BegunAnalysis* begun)
        : names_(names), observer_(observer) {
        if (begun != nullptr && number_of(begun->part) < names_.size()) {
            begun_ = begun;
            first_ = number_of(begun->part) + 1;
        }
    }
    const BegunAnalysis* begun() const { return begun_; }

    /// Runs `work`, which changes `analysis` and `full`, unless it is done; what is not kept but
    /// needed later is computed again.
    enum class Result { kept, computed_again };
    template <class Work>
    void run(const char* name, const NetworkAnalysis& analysis, const FullAnalysis& full,
             const Work& work, Result result = Result::kept) {
        const std::size_t number = number_of(name);
        check(number < names_.size(), "a part that is listed");
        if (number < first_ && result == Result::kept) {
            return;
        }
        stop_point();
        observer_.begins(name);
        const double start = thread_seconds();
        work();
        const double seconds = thread_seconds() - start;
        if (number >= first_) {
            BegunAnalysis begun{analysis.uid, name, analysis};
            begun.analysis.full = std::make_shared<FullAnalysis>(full);
            observer_.ends(std::move(begun), seconds);
        }
    }

  private:
    std::size_t number_of(std::string_view name) const {
        return static_cast<std::size_t>(std::find(names_.begin(), names_.end(), name) -
                                        names_.begin());
    }
    static double thread_seconds() {
        timespec now{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
    }

    Names names_;
    PartObserver& observer_;
    const BegunAnalysis* begun_ = nullptr;
    std::size_t first_ = 0;
};

}  // namespace shoal
