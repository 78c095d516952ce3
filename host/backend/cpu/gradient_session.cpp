// SPDX-License-Identifier: MIT
#include "backend/cpu/gradient_session.hpp"

#include <map>

#include "backend/cpu/gradient_network.hpp"
#include "core/parallel.hpp"

namespace shoal::cpu {
namespace {

template <typename T>
class CpuGradientSession final : public GradientSession {
  public:
    explicit CpuGradientSession(int threads)
        : threads_(threads), scratch_(static_cast<std::size_t>(threads)) {}

    int add(const NetworkModel& model, const GradientRule& rule,
            const GradientState* resume) override {
        networks_.try_emplace(next_, model, rule, resume);
        return next_++;
    }
    void remove(int handle) override { networks_.erase(handle); }

    void run_iteration(std::span<const Work> work, std::span<IterationOutcome> outcomes) override {
        for (auto& scratch : scratch_) {
            scratch.forget_batch();
        }
        parallel_for(work.size(), threads_, [&](std::size_t i, int worker) {
            outcomes[i] = networks_.at(work[i].handle)
                              .run_iteration(*work[i].batch, work[i].iteration,
                                             scratch_[static_cast<std::size_t>(worker)]);
        });
    }

    IterationOutcome gradient(const Work& work, std::vector<double>& gradient) override {
        scratch_.front().forget_batch();
        return networks_.at(work.handle).gradient(*work.batch, scratch_.front(), gradient);
    }

    GradientState state(int handle) const override { return networks_.at(handle).state(); }

  private:
    int threads_;
    int next_ = 0;
    std::map<int, GradientNetwork<T>> networks_;
    std::vector<GradientScratch<T>> scratch_;  // [worker]
};

}  // namespace

template <typename T>
std::unique_ptr<GradientSession> make_gradient_session(int threads) {
    return std::make_unique<CpuGradientSession<T>>(threads);
}
template std::unique_ptr<GradientSession> make_gradient_session<float>(int threads);
template std::unique_ptr<GradientSession> make_gradient_session<double>(int threads);

template <typename T>
std::uint64_t gradient_network_bytes(const GradientShape& shape) {
    const GradientPlan plan(shape, gradient_kernels<T>().vectors, sizeof(T));
    // Weights and two moments; with factors also the matrix that they are added to.
    return sizeof(T) * (3 * plan.size + (shape.rank > 0 ? plan.readout : 0));
}
template std::uint64_t gradient_network_bytes<float>(const GradientShape& shape);
template std::uint64_t gradient_network_bytes<double>(const GradientShape& shape);

template <typename T>
std::uint64_t gradient_thread_bytes(const GradientShape& shape) {
    const GradientPlan plan(shape, gradient_kernels<T>().vectors, sizeof(T));
    return sizeof(T) * GradientScratch<T>::size_of(plan);
}
template std::uint64_t gradient_thread_bytes<float>(const GradientShape& shape);
template std::uint64_t gradient_thread_bytes<double>(const GradientShape& shape);

}  // namespace shoal::cpu
