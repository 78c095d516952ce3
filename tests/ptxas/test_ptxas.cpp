// SPDX-License-Identifier: MIT
// Every kernel keeps to the registers that its launch bounds leave, without spills, local memory or
// static shared memory, on every architecture that was compiled. One test per kernel.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <typeinfo>

#include "launch/operations.hpp"
#include "launch/policy.hpp"
#include "ptxas_log.hpp"

namespace shoal::test {
namespace {

using namespace cuda;

struct Expected {
    std::string name;    ///< of the test
    std::string symbol;  ///< how the demangled kernel begins
    int registers;       ///< at most
};

/// `name` as C++ writes the operation: GradientOuter<LargeGradient<Fp32>> is the test
/// GradientOuter_LargeGradient_Fp32.
template <class Operation>
Expected expected(std::string name) {
    std::erase_if(name, [](char c) { return c == '>' || c == ' '; });
    std::replace(name.begin(), name.end(), '<', '_');
    const std::string type = demangle(typeid(Operation).name());
    // As the demangler writes it: > > for a template's argument that ends in >.
    return {name, "void shoal::cuda::kernel<" + type + (type.back() == '>' ? " >(" : ">("),
            register_budget(Operation::threads_at_most, Operation::blocks_at_least)};
}

std::vector<Expected> expected_kernels() {
#define SHOAL_EXPECTED(operation_type) expected<operation::operation_type>(#operation_type),
    return {SHOAL_FORCE_KERNELS(SHOAL_EXPECTED) SHOAL_GRADIENT_KERNELS(SHOAL_EXPECTED)};
#undef SHOAL_EXPECTED
}

std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> parts;
    std::istringstream stream(list);
    for (std::string part; std::getline(stream, part, ':');) {
        parts.push_back(part);
    }
    return parts;
}

/// sm_90 for 90, of all that were compiled.
std::multiset<std::string> architectures() {
    std::multiset<std::string> names;
    for (const std::string& number : split(SHOAL_CUDA_ARCHITECTURES)) {
        names.insert("sm_" + number);
    }
    return names;
}

std::vector<KernelUse> read_logs() {
    std::vector<KernelUse> all;
    for (const std::string& object : split(SHOAL_CUDA_OBJECTS)) {
        std::ifstream file(object + ".ptxas");
        if (!file) {
            throw std::runtime_error(object + ".ptxas is missing: build shoal_cuda again");
        }
        std::ostringstream text;
        text << file.rdbuf();
        const auto kernels = read_ptxas_log(text.str());
        all.insert(all.end(), kernels.begin(), kernels.end());
    }
    return all;
}

/// Run as ptxas.<kernel>.
class Kernel : public testing::Test {
  public:
    explicit Kernel(Expected expected) : expected_(std::move(expected)) {}
    void TestBody() override {
        std::multiset<std::string> seen;
        for (const KernelUse& use : read_logs()) {
            if (!use.kernel.starts_with(expected_.symbol)) {
                continue;
            }
            SCOPED_TRACE(use.architecture);
            seen.insert(use.architecture);
            std::printf("%s: %d of %d registers\n", use.architecture.c_str(), use.registers,
                        expected_.registers);
            EXPECT_GT(use.registers, 0);
            EXPECT_LE(use.registers, expected_.registers);
            EXPECT_EQ(use.stack, 0);
            EXPECT_EQ(use.spill_stores, 0);
            EXPECT_EQ(use.spill_loads, 0);
            EXPECT_EQ(use.static_shared, 0);
        }
        EXPECT_EQ(seen, architectures());
    }

  private:
    Expected expected_;
};

TEST(ptxas, EveryKernelIsExpected) {
    const auto expected = expected_kernels();
    for (const KernelUse& use : read_logs()) {
        const auto known = std::count_if(expected.begin(), expected.end(), [&](const auto& each) {
            return use.kernel.starts_with(each.symbol);
        });
        EXPECT_EQ(known, 1) << use.kernel;
    }
}

TEST(ptxas_log, SaysWhatPtxasSaid) {
    const auto kernels = read_ptxas_log(
        "ptxas info    : 16 bytes gmem\n"
        "ptxas info    : Compiling entry function '_Z1fi' for 'sm_90'\n"
        "ptxas info    : Function properties for _Z1fi\n"
        "    8 bytes stack frame, 4 bytes spill stores, 12 bytes spill loads\n"
        "ptxas info    : Used 40 registers, used 1 barriers, 96 bytes smem, 8 bytes cmem[2]\n"
        "ptxas info    : Compile time = 2.5 ms\n"
        "ptxas info    : Compiling entry function '_Z1gv' for 'sm_80'\n"
        "ptxas info    : Function properties for _Z1gv\n"
        "    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads\n"
        "ptxas info    : Used 9 registers\n"
        "ptxas info    : Function properties for called\n"
        "    32 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads\n");

    ASSERT_EQ(kernels.size(), 2u);
    EXPECT_EQ(kernels[0].kernel, "f(int)");
    EXPECT_EQ(kernels[0].architecture, "sm_90");
    EXPECT_EQ(kernels[0].registers, 40);
    EXPECT_EQ(kernels[0].stack, 8);
    EXPECT_EQ(kernels[0].spill_stores, 4);
    EXPECT_EQ(kernels[0].spill_loads, 12);
    EXPECT_EQ(kernels[0].static_shared, 96);
    EXPECT_EQ(kernels[1].architecture, "sm_80");
    EXPECT_EQ(kernels[1].registers, 9);
    EXPECT_EQ(kernels[1].stack, 32);
    EXPECT_EQ(kernels[1].static_shared, 0);
    EXPECT_THROW(read_ptxas_log("ptxas info    : Something new\n"), std::runtime_error);
}

}  // namespace
}  // namespace shoal::test

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    for (const auto& kernel : shoal::test::expected_kernels()) {
        testing::RegisterTest("ptxas", kernel.name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                              [=]() -> testing::Test* { return new shoal::test::Kernel(kernel); });
    }
    return RUN_ALL_TESTS();
}
