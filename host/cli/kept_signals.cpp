// SPDX-License-Identifier: MIT
#include "cli/kept_signals.hpp"

#include <fmt/format.h>

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/stop.hpp"
#include "store/segments.hpp"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds keep_signals_every{30};

/// All that a measurement depends on.
std::string uid_of(const SignalOptions& options, const std::string& family, std::size_t system) {
    return hex16(hash64(fmt::format("{} {} of {} and {} units, {} {} {} {}, seed {} {}", family,
                                    system, options.units, options.chaotic_units, options.transient,
                                    options.lag, options.directions, options.perturbation,
                                    options.key.seed, options.key.replicate)));
}

class Keeper {
  public:
    Keeper(const SignalOptions& options, const std::filesystem::path& folder, Progress& progress)
        : options_(options), progress_(progress) {
        if (!folder.empty()) {
            create_folders(folder);
            store_.emplace(folder, "signals");
        }
    }

    std::optional<SignalSystem> known(const SignalPlace& place) {
        const std::lock_guard lock(mutex_);
        if (!store_) {
            return std::nullopt;
        }
        auto kept = store_->read(uid_of(options_, place.family, place.system));
        if (!kept) {
            return std::nullopt;
        }
        show(place.of);
        return std::move(kept->system);
    }

    void take(const SignalPlace& place, const SignalSystem& system) {
        const std::lock_guard lock(mutex_);
        if (store_) {
            fresh_.push_back({uid_of(options_, place.family, place.system), system});
            if (Clock::now() - kept_ >= keep_signals_every) {
                keep_unlocked();
            }
        }
        show(place.of);
    }

    void keep() {
        const std::lock_guard lock(mutex_);
        keep_unlocked();
    }

  private:
    void keep_unlocked() {
        if (!fresh_.empty()) {
            store_->append(fresh_);
            fresh_.clear();
        }
        kept_ = Clock::now();
    }

    void show(std::size_t systems) {
        ++numbers_.done;
        numbers_.networks = systems;
        numbers_.work_done = static_cast<double>(numbers_.done) / static_cast<double>(systems);
        progress_.update(numbers_);
    }

    const SignalOptions& options_;
    Progress& progress_;
    std::mutex mutex_;
    std::optional<SegmentStore<KeptSignal>> store_;
    std::vector<KeptSignal> fresh_;
    Clock::time_point kept_ = Clock::now();
    Progress::Numbers numbers_{.stage = "learning signals"};
};

}  // namespace

std::vector<SignalFamily> kept_signals(const SignalOptions& options,
                                       const std::filesystem::path& folder, Progress& progress) {
    Keeper keeper(options, folder, progress);
    const StopPoints stop_points(StopFor::any_reason);
    const StopScope scope("", [&] { keeper.keep(); });
    const SignalHooks hooks = {
        [&](const SignalPlace& place) { return keeper.known(place); },
        [&](const SignalPlace& place, const SignalSystem& system) { keeper.take(place, system); }};
    try {
        auto families = learning_signals(options, hooks);
        keeper.keep();
        progress.finish_stage();
        return families;
    } catch (const Error& error) {
        if (error.code() == ExitCode::interrupted) {
            keeper.keep();
        }
        throw;
    }
}

}  // namespace shoal
