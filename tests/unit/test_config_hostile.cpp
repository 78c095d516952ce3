// SPDX-License-Identifier: MIT
// Text from anywhere: it loads, or it throws one Error with places. It never crashes or hangs.
#include <gtest/gtest.h>

#include "core/random.hpp"
#include "test_config_support.hpp"

namespace shoal {
namespace {

std::string repeated(const std::string& text, std::size_t times) {
    std::string out;
    out.reserve(text.size() * times);
    for (std::size_t i = 0; i < times; ++i) {
        out += text;
    }
    return out;
}

/// Each line has the form of a problem.
void expect_places(const std::string& message, const std::string& context) {
    for (const std::string& line : lines_of(message)) {
        EXPECT_TRUE(has_form(line)) << line << "\nfrom\n" << context;
    }
}

struct Hostile {
    const char* name;
    std::string text;
    const char* begins;  ///< of the message
};

void PrintTo(const Hostile& hostile, std::ostream* out) {
    *out << hostile.name;
}

class HostileText : public testing::TestWithParam<Hostile> {};

TEST_P(HostileText, IsAnErrorWithAPlace) {
    const Hostile& hostile = GetParam();
    const auto error = error_of(hostile.text);
    ASSERT_TRUE(error) << "loads";
    EXPECT_EQ(error->code(), ExitCode::usage);
    const std::string message = error->what();
    EXPECT_TRUE(message.starts_with(hostile.begins)) << message;
    EXPECT_LT(message.size(), 20'000u);
    expect_places(message, hostile.name);
}

std::string name_of_text(const testing::TestParamInfo<Hostile>& info) {
    return info.param.name;
}

constexpr std::size_t most = std::size_t{1} << 20;

INSTANTIATE_TEST_SUITE_P(
    Texts, HostileText,
    testing::Values(
        Hostile{"empty", "", "x.yaml:1:1: the configuration is empty"},
        Hostile{"comment", "# nothing\n", "x.yaml:1:1: the configuration is empty"},
        Hostile{"null", "~", "x.yaml:1:1: the configuration is empty"},
        Hostile{"giant", std::string(most + 1, ' '), "x.yaml:1:1: the configuration has 1048577"},
        Hostile{"binary", std::string("name: a\n\x01\x02\xff", 11), "x.yaml:2:1: byte 0x01"},
        Hostile{"nul", std::string("seed: 1\nname: a\0b", 17), "x.yaml:2:8: byte 0x00"},
        Hostile{"endOfTransmission", "seed: 1\x04\nnmae: 1", "x.yaml:1:8: byte 0x04"},
        Hostile{"latin1", "name: caf\xe9\n", "x.yaml:1:10: byte 0xe9 is not UTF-8"},
        Hostile{"overlong", "name: \xc0\xaf", "x.yaml:1:7: byte 0xc0"},
        Hostile{"overlong3", "name: \xe0\x80\xaf", "x.yaml:1:7: byte 0xe0"},
        Hostile{"surrogate", "name: \xed\xa0\x80", "x.yaml:1:7: byte 0xed"},
        Hostile{"beyondUnicode", "name: \xf4\x90\x80\x80", "x.yaml:1:7: byte 0xf4"},
        Hostile{"controlOfTwoBytes", "name: a\xc2\x9b[31m", "x.yaml:1:8: byte 0xc2"},
        Hostile{"cutUtf8", "name: \xc3", "x.yaml:1:7: byte 0xc3"},
        Hostile{"utf16", std::string("\xff\xfen\0a\0", 6), "x.yaml:1:1: byte 0xff"},
        Hostile{"tab", "network:\n\tunits: 3\n", "x.yaml:2:1: a tab is used for indentation"},
        Hostile{"tabLater", "network:\n  \tunits: 3\n", "x.yaml:2:3: a tab"},
        Hostile{"documents", "name: a\n---\nname: b\n", "x.yaml:2:1: a second YAML document"},
        Hostile{"unclosedList", "sweep: {network.gain: [1, 2\n", "x.yaml:2:1: not valid YAML"},
        Hostile{"unclosedQuote", "name: \"abc\n",
                "x.yaml:2:1: not valid YAML: a quote before here is not closed"},
        Hostile{"indentation", "network:\n  units: 3\n dt: 0.1\n", "x.yaml:3:2: not valid YAML"},
        Hostile{"alias", "name: &a b\ntask: *a", "x.yaml:1:7: an anchor"},
        Hostile{"aliasUnknown", "name: *a", "x.yaml:1:7: not valid YAML"},
        Hostile{"aliasKey", "name: &a seed\n*a : 1", "x.yaml:1:7: an anchor"},
        Hostile{"bomb",
                "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n",
                "x.yaml:1:1: unknown key 'a'"},
        Hostile{"selfAlias", "network: &a {gain: *a}", "x.yaml:1:10: an anchor"},
        Hostile{"tag", "seed: !!int 3", "x.yaml:1:7: a tag ('tag:yaml.org,2002:int')"},
        Hostile{"customTag", "name: !x 3", "x.yaml:1:7: a tag"},
        Hostile{"badDirective", "%TAG ! a\n%TAG ! b\n--- a", "x.yaml:2:1: not valid YAML"},
        Hostile{"deepLists", repeated("[", most), "x.yaml:1:9: more than 16 levels"},
        Hostile{"deepClosed", repeated("[", 5000) + repeated("]", 5000), "x.yaml:1:17: more than"},
        Hostile{"deepMaps", repeated("{a: ", most / 4), "x.yaml:1:61: more than 16 levels"},
        Hostile{"deepBlock", repeated("- ", most / 2), "x.yaml:1:33: more than 16 levels"},
        Hostile{"deepKeys", repeated("? ", most / 2), "x.yaml:1:33: more than 16 levels"},
        Hostile{"longKey", repeated("k", most - 4) + ": 1", "x.yaml:1:"},
        Hostile{"longValue", "name: " + repeated("v", most - 8), "x.yaml:1:7: name is 'vvvv"},
        Hostile{"manyKeys", repeated("a: 1\n", most / 5), "x.yaml:1:1: unknown key 'a'"},
        Hostile{"manyAnchors", repeated("&a ", most / 3), "x.yaml:1:"},
        Hostile{"manyColons", repeated(":", most), "x.yaml:1:1048576: not valid YAML"},
        Hostile{"manyColonSpaces", repeated(": ", most / 2), "x.yaml:1:"},
        Hostile{"manyDirectives", repeated("%A b\n", most / 5), "x.yaml:1:1: "},
        Hostile{"manyDocuments", repeated("---\n", most / 4), "x.yaml:2:1: a second"},
        Hostile{"manyCommas", "[" + repeated(",", most - 2), "x.yaml:1:"},
        Hostile{"manyEscapes", "name: \"" + repeated("\\x41", most / 4 - 8) + "\"", "x.yaml:1:7: "},
        Hostile{"replicateHuge", "sweep: {replicate: 1000000000}",
                "x.yaml:1:20: sweep.replicate is '1000000000'"},
        Hostile{"replicateExponent", "sweep: {replicate: 1e9}",
                "x.yaml:1:20: sweep.replicate is '1e9'"},
        Hostile{"rowsTooMany",
                "sweep: {replicate: 1000000, network.units: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "
                "network.gain: [1, 2, 3], network.tau: [1, 2]}",
                "x.yaml:1:1: the sweep has more than 1000000 networks"},
        Hostile{"unitsHuge", "network: {units: 2147483648}",
                "x.yaml:1:18: network.units is '2147483648'"},
        Hostile{"trialsHuge", "training: {trials: 99999999999999999999}",
                "x.yaml:1:20: training.trials is '99999999999999999999'"},
        Hostile{"longSweep", "sweep: {network.gain: [" + repeated("x,", most / 2 - 20) + "]}",
                "x.yaml:1:24: network.gain is 'x'"}),
    name_of_text);

/// What names a run's folder stays inside the folder that runs are in, and shows what it is.
TEST(HostileNames, AreErrors) {
    for (const char* name : {"../../x", "/tmp/x", "a/b", ".", "..", ".hidden", "-rf", "", "\\0",
                             "a\\nb", "a\\tb", "a\\x1b[31mb", "a\\x7f", "a\\u009bb", "a\\x85b"}) {
        const auto error = error_of("name: \"" + std::string(name) + '"');
        ASSERT_TRUE(error) << name;
        EXPECT_EQ(error->code(), ExitCode::usage);
        EXPECT_TRUE(std::string(error->what()).starts_with("x.yaml:1:7: name is "))
            << error->what();
        EXPECT_EQ(std::string(error->what()).find('\x1b'), std::string::npos);
    }
    EXPECT_TRUE(error_of("name: " + repeated("n", 101)));
    EXPECT_FALSE(error_of("name: " + repeated("n", 100)));
}

/// Random damage to a good text, keyed by the case number.
class Damage {
  public:
    explicit Damage(std::uint32_t number) : number_(number) {}
    std::uint32_t below(std::uint32_t n) {
        return uniform_index(random_bits({1, 2}, Purpose::test, number_, 0, drawn_++), n);
    }

  private:
    std::uint32_t number_;
    std::uint32_t drawn_ = 0;
};

/// Loads, or throws an Error of the right form. Anything else (another exception, a crash) fails.
bool loads(const std::string& text) {
    try {
        parse(text);
        return true;
    } catch (const Error& error) {
        expect_places(error.what(), text);
        return false;
    }
}

TEST(DamagedConfig, FlippedBits) {
    int loaded = 0;
    for (std::uint32_t i = 0; i < 2000; ++i) {
        Damage damage(i);
        std::string text = four_rows;
        const std::uint32_t flips = 1 + damage.below(3);
        for (std::uint32_t f = 0; f < flips; ++f) {
            char& c = text[damage.below(static_cast<std::uint32_t>(text.size()))];
            c = static_cast<char>(static_cast<unsigned char>(c) ^ (1u << damage.below(8)));
        }
        loaded += loads(text) ? 1 : 0;
    }
    EXPECT_GT(loaded, 20) << "some flips only change a number";
    EXPECT_LT(loaded, 1000) << "most flips break something";
}

TEST(DamagedConfig, PunctuationInserted) {
    const std::string signs = "{}[]:,-?&*!|>'\"%@`#~ \n";
    for (std::uint32_t i = 0; i < 2000; ++i) {
        Damage damage(10'000 + i);
        std::string text = four_rows;
        for (std::uint32_t f = 0; f < 1 + i % 4; ++f) {
            text.insert(text.begin() + damage.below(static_cast<std::uint32_t>(text.size())),
                        signs[damage.below(static_cast<std::uint32_t>(signs.size()))]);
        }
        loads(text);
    }
}

TEST(DamagedConfig, Truncated) {
    for (std::size_t length = 0; length < four_rows.size(); ++length) {
        loads(four_rows.substr(0, length));
    }
}

TEST(DamagedConfig, Overrides) {
    const std::string good = "sweep.network.gain=[0.8, 1.2]";
    for (std::uint32_t i = 0; i < 1000; ++i) {
        Damage damage(20'000 + i);
        std::string text = good;
        char& c = text[damage.below(static_cast<std::uint32_t>(text.size()))];
        c = static_cast<char>(damage.below(256));
        const auto error = error_of(four_rows, {text});
        if (error) {
            EXPECT_TRUE(std::string(error->what()).starts_with("--set ")) << error->what();
        }
    }
}

}  // namespace
}  // namespace shoal
