// SPDX-License-Identifier: MIT
// A claims.json that some other program left, or that was cut short.
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "temporary_folder.hpp"
#include "test_stats_population.hpp"

namespace shoal {
namespace {

TEST(HostileClaims, AreAnError) {
    const TemporaryFolder folder;
    const RunContent run = test::made_up_run();
    const auto rows = population_rows({run});
    const auto summary = summarize(rows, run.config.axes, {1, 0});
    const auto write = [&](const std::string& claims) {
        write_report(folder / "index.html", {run}, rows, summary, {}, claims);
    };
    const std::string deep(200'000, '[');
    for (const std::string& claims :
         {std::string("{"), std::string("[]"), std::string(R"({"claims": []})"), deep,
          R"({"population": "", "claims": )" + deep + std::string(deep.size(), ']') + "}"}) {
        EXPECT_THROW(write(claims), Error) << claims.substr(0, 40);
    }
    write(R"({"population": 7, "claims": []})");  // of another population, so left out
}

}  // namespace
}  // namespace shoal
