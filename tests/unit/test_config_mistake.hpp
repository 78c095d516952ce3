// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <ostream>

#include "test_config_support.hpp"

namespace shoal {

struct Mistake {
    const char* name;
    const char* text;
    const char* place;              ///< line:column
    std::vector<const char*> says;  ///< parts of the message
};

inline void PrintTo(const Mistake& mistake, std::ostream* out) {
    *out << mistake.name;
}

/// Expects that the text gives exactly this mistake, at its place, with what would be right.
inline void expect_told(const Mistake& mistake) {
    const auto error = error_of(mistake.text);
    ASSERT_TRUE(error) << "loads";
    EXPECT_EQ(error->code(), ExitCode::usage);
    const std::string message = error->what();
    EXPECT_EQ(lines_of(message).size(), 1u) << message;
    EXPECT_TRUE(message.starts_with(std::string("x.yaml:") + mistake.place + ": ")) << message;
    EXPECT_TRUE(has_form(message)) << message;
    for (const char* part : mistake.says) {
        EXPECT_NE(message.find(part), std::string::npos) << part << "\n" << message;
    }
}

inline std::string name_of_mistake(const testing::TestParamInfo<Mistake>& info) {
    return info.param.name;
}

}  // namespace shoal
