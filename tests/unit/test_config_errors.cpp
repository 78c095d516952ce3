// SPDX-License-Identifier: MIT
// Every mistake is told, at its place, with what would be right.
#include <gtest/gtest.h>

#include "test_config_mistake.hpp"

namespace shoal {
namespace {

class OneMistake : public testing::TestWithParam<Mistake> {};

TEST_P(OneMistake, IsTold) {
    expect_told(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Keys, OneMistake,
    testing::Values(
        Mistake{"top", "name: a\nsede: 3", "2:1", {"unknown key 'sede'", "did you mean 'seed'?"}},
        Mistake{"inSection", "network: {gian: 1}", "1:11", {"'gian' in network", "'gain'"}},
        Mistake{"deep",
                "task: {durations: {delay3: 1}}",
                "1:20",
                {"'delay3' in task.durations", "did you mean 'delay1'?"}},
        Mistake{"elsewhere", "units: 100", "1:1", {"did you mean network.units?"}},
        Mistake{
            "wrongSection", "network: {trials: 100}", "1:11", {"did you mean training.trials?"}},
        Mistake{"dotted", "network.gain: 1", "1:1", {"write 'gain' inside 'network:'"}},
        Mistake{"replicate", "replicate: 4", "1:1", {"belongs under sweep"}},
        Mistake{"unlike", "zzzzzzzzzz: 4", "1:1", {"the top level has name, seed, network, task"}},
        Mistake{"notThere",
                "training: {zzzzzzzz: 1e-3}",
                "1:12",
                {"'zzzzzzzz' in training", "training has method, trials, alpha, error"}},
        Mistake{"twice", "seed: 1\nname: b\nseed: 1", "3:1", {"key 'seed' is given twice"}},
        Mistake{"twiceInside", "network: {gain: 1, dt: 0.1, gain: 1}", "1:29", {"'gain'", "twice"}},
        Mistake{"twiceQuoted", "seed: 1\n\"seed\": 1", "2:1", {"'seed' is given twice"}},
        Mistake{"twiceInSweep",
                "sweep:\n  network.gain: [1]\n  network.gain: [2]",
                "3:3",
                {"'network.gain' is given twice"}},
        Mistake{"null", "~: 1", "1:1", {"this key is not a name"}},
        Mistake{"list", "[1, 2]: 1", "1:1", {"this key is not a name"}},
        Mistake{"controlCharacters", "\"a\\nb\\x01\": 1", "1:1", {"unknown key 'a?b?'"}},
        Mistake{"merge", "<<: {seed: 1}", "1:1", {"unknown key '<<'"}},
        Mistake{"sectionIsNumber", "network: 3", "1:10", {"network is '3'", "a mapping of units"}},
        Mistake{"sectionIsList", "task: [a]", "1:7", {"task is a list", "a mapping of kind"}},
        Mistake{
            "topIsScalar", "hello", "1:1", {"the configuration is 'hello'", "a mapping of name"}},
        Mistake{"topIsList", "- a", "1:1", {"the configuration is a list"}}),
    name_of_mistake);

INSTANTIATE_TEST_SUITE_P(
    Numbers, OneMistake,
    testing::Values(
        Mistake{
            "text", "network: {gain: abc}", "1:17", {"network.gain is 'abc'", "a number from 0"}},
        Mistake{"quoted", "network: {gain: '1'}", "1:17", {"network.gain is the text '1'"}},
        Mistake{"empty", "network: {gain: }", "1:11", {"network.gain has no value"}},
        Mistake{"nan", "network: {gain: .nan}", "1:17", {"network.gain is '.nan'"}},
        Mistake{"plainNan", "network: {gain: nan}", "1:17", {"network.gain is 'nan'"}},
        Mistake{"inf", "network: {gain: .inf}", "1:17", {"network.gain is '.inf'"}},
        Mistake{"plainInf", "network: {gain: inf}", "1:17", {"network.gain is 'inf'"}},
        Mistake{"tooLarge", "network: {gain: 1e400}", "1:17", {"network.gain is '1e400'"}},
        Mistake{"tooSmall", "network: {gain: 1e-400}", "1:17", {"network.gain is '1e-400'"}},
        Mistake{"absurd", "network: {gain: 1e7}", "1:17", {"from 0 to 1000000"}},
        Mistake{"negative", "network: {gain: -1}", "1:17", {"network.gain is '-1'"}},
        Mistake{"plusMinus", "network: {gain: +-1}", "1:17", {"network.gain is '+-1'"}},
        Mistake{"hex", "network: {gain: 0x10}", "1:17", {"network.gain is '0x10'"}},
        Mistake{"octal", "network: {gain: 010}", "1:17", {"network.gain is '010'"}},
        Mistake{"underscore", "network: {gain: 1_0}", "1:17", {"network.gain is '1_0'"}},
        Mistake{"trailing", "network: {gain: 1.2x}", "1:17", {"network.gain is '1.2x'"}},
        Mistake{"list", "network: {gain: [1, 2]}", "1:17", {"network.gain is a list"}},
        Mistake{"mapping", "network: {gain: {a: 1}}", "1:17", {"network.gain is a mapping"}},
        Mistake{"densityZero", "network: {density: 0}", "1:20", {"above 0, at most 1"}},
        Mistake{"densityTwo", "network: {density: 2}", "1:20", {"above 0, at most 1"}},
        Mistake{"tauZero", "network: {tau: 0}", "1:16", {"network.tau is '0'"}},
        Mistake{"dtLong",
                "network: {tau: 1, dt: 1.5}",
                "1:23",
                {"network.dt is 1.5, longer than network.tau = 1", "at most tau"}},
        Mistake{"tauShort", "network: {tau: 0.01}", "1:16", {"network.dt is 0.1, longer"}},
        Mistake{"dtSwept", "sweep: {network.dt: [0.1, 2]}", "1:27", {"network.dt is 2, longer"}},
        Mistake{"duration", "task: {durations: {delay1: 0}}", "1:28", {"task.durations.delay1"}},
        Mistake{"alpha", "training: {alpha: 0}", "1:19", {"training.alpha is '0'"}}),
    name_of_mistake);

INSTANTIATE_TEST_SUITE_P(
    WholeNumbers, OneMistake,
    testing::Values(
        Mistake{"fraction", "network: {units: 20.5}", "1:18", {"network.units is '20.5'", "whole"}},
        Mistake{"point", "network: {units: 20.0}", "1:18", {"network.units is '20.0'"}},
        Mistake{"exponent", "training: {trials: 1e3}", "1:20", {"is '1e3'", "plain digits"}},
        Mistake{"octal", "training: {trials: 010}", "1:20", {"training.trials is '010'"}},
        Mistake{"zero", "network: {units: 0}", "1:18", {"from 1 to 32768"}},
        Mistake{"many", "network: {units: 32769}", "1:18", {"from 1 to 32768"}},
        Mistake{"trialsZero", "training: {trials: 0}", "1:20", {"training.trials is '0'"}},
        Mistake{"negativeSeed", "seed: -1", "1:7", {"seed is '-1'", "from 0 to 4294967295"}},
        Mistake{"largeSeed", "seed: 4294967296", "1:7", {"seed is '4294967296'"}},
        Mistake{"huge", "seed: 99999999999999999999999999", "1:7", {"seed is '9999"}},
        Mistake{"yes", "seed: yes", "1:7", {"seed is 'yes'"}}),
    name_of_mistake);

INSTANTIATE_TEST_SUITE_P(
    OtherValues, OneMistake,
    testing::Values(
        Mistake{
            "cell",
            "network: {cell: gru}",
            "1:17",
            {"network.cell is 'gru', which this version does not have", "it has: current, rate"}},
        Mistake{"cellTypo", "network: {cell: currant}", "1:17", {"did you mean 'current'?"}},
        Mistake{"cellCase", "network: {cell: Rate}", "1:17", {"did you mean 'rate'?"}},
        Mistake{"cellList", "network: {cell: [rate]}", "1:17", {"network.cell is a list"}},
        Mistake{"init", "network: {init: zeros}", "1:17", {"has: gauss, uniform, quasi-periodic"}},
        Mistake{"kind", "task: {kind: bandit}", "1:14", {"it has: sequential-sum, copy, interval"}},
        Mistake{"kindUnderscore",
                "task: {kind: sequential_sum}",
                "1:14",
                {"did you mean 'sequential-sum'?"}},
        Mistake{
            "method",
            "training: {method: rtrl}",
            "1:20",
            {"training.method is 'rtrl', which this version does not have", "it has: force, bptt"}},
        Mistake{"error", "training: {error: always}", "1:19", {"has: epochs, everywhere"}},
        Mistake{"level", "analysis: {level: deep}", "1:19", {"first", "full"}},
        Mistake{"effort", "analysis: {effort: 0}", "1:20", {"analysis.effort", "1"}},
        Mistake{"ruleA", "analysis: {rule_a: 1}", "1:20", {"true or false"}},
        Mistake{"ruleAText", "analysis: {rule_a: 'true'}", "1:20", {"is the text 'true'"}},
        Mistake{"nameEmpty", "name: ''", "1:7", {"name is the text ''"}},
        Mistake{"nameNull", "name:", "1:1", {"name has no value"}},
        Mistake{"namePath", "name: a/b", "1:7", {"name is 'a/b'", "no '/'"}},
        Mistake{"nameDots", "name: ..", "1:7", {"not beginning with '.'"}},
        Mistake{"nameNul", "name: \"a\\0b\"", "1:7", {"name is the text 'a?b'"}},
        Mistake{
            "codesShort", "task: {codes: [1, 2]}", "1:15", {"a list of 2", "a list of 3 numbers"}},
        Mistake{"codesLong", "task: {codes: [1, 2, 3, 4]}", "1:15", {"a list of 4"}},
        Mistake{"codesNumber", "task: {codes: 1}", "1:15", {"task.codes is '1'"}},
        Mistake{"codesItem", "task: {codes: [1, b, 3]}", "1:19", {"task.codes[1] is 'b'"}},
        Mistake{"codesNested", "task: {codes: [1, [2], 3]}", "1:19", {"task.codes[1] is a list"}},
        Mistake{"means",
                "task: {source: gaussians, gaussians: {means: [[1, 2]]}}",
                "1:46",
                {"two points"}},
        Mistake{"meansItem",
                "task: {source: gaussians, gaussians: {means: [[1, 2], [3]]}}",
                "1:55",
                {"task.gaussians.means[1] is a list of 1"}},
        Mistake{"std",
                "task: {source: gaussians, gaussians: {std: 0}}",
                "1:44",
                {"task.gaussians.std is '0'"}}),
    name_of_mistake);

INSTANTIATE_TEST_SUITE_P(
    Effects, OneMistake,
    testing::Values(
        Mistake{"unusedGaussians",
                "task: {gaussians: {std: 0.1}}",
                "1:25",
                {"task.gaussians.std has no effect", "only when task.source is gaussians"}},
        Mistake{"gaussianPath",
                "task: {source: gaussians, path: a.csv}",
                "1:33",
                {"task.path has no effect", "task.source is digits"}},
        Mistake{"pathOfDrawn", "network: {path: a.h5}", "1:17", {"network.init is file"}},
        Mistake{"sweptUnused", "sweep: {task.gaussians.std: [0.1, 0.2]}", "1:9", {"no effect"}},
        Mistake{"taskWithoutPath", "task: {kind: file}", "1:14", {"file without task.path"}},
        Mistake{"initWithoutPath",
                "network: {init: file, units: 8}",
                "1:17",
                {"file without network.path"}}),
    name_of_mistake);

INSTANTIATE_TEST_SUITE_P(
    Sweeps, OneMistake,
    testing::Values(
        Mistake{"value",
                "sweep:\n  network.gain: [1,\n    2, x]",
                "3:8",
                {"network.gain is 'x'", "a number"}},
        Mistake{
            "choice", "sweep: {network.cell: [rate, lstm]}", "1:30", {"network.cell is 'lstm'"}},
        Mistake{
            "empty", "sweep: {network.gain: []}", "1:23", {"sweep.network.gain is an empty list"}},
        Mistake{"scalar", "sweep: {network.gain: 1}", "1:23", {"a list of values is wanted"}},
        Mistake{"null", "sweep: {network.gain: }", "1:9", {"has no value"}},
        Mistake{"list", "sweep: [1]", "1:8", {"sweep is a list"}},
        Mistake{"lists", "sweep: {task.codes: [1]}", "1:22", {"task.codes is '1'"}},
        Mistake{"twice", "sweep: {network.gain: [1, 2, 1.0]}", "1:30", {"lists 1 twice"}},
        Mistake{"seed", "sweep: {seed: [1, 2]}", "1:9", {"one seed", "replicate: n"}},
        Mistake{"runName", "sweep: {name: [a, b]}", "1:9", {"'name' cannot be swept"}},
        Mistake{"analysis",
                "sweep: {analysis.rule_a: [yes, no]}",
                "1:9",
                {"'analysis.rule_a' cannot be swept"}},
        Mistake{"unknown", "sweep: {network.gian: [1]}", "1:9", {"did you mean 'network.gain'?"}},
        Mistake{"undotted", "sweep: {gain: [1]}", "1:9", {"did you mean 'network.gain'?"}},
        Mistake{"nested", "sweep: {network: {gain: [1]}}", "1:9", {"write a dotted key"}},
        Mistake{"replicateZero", "sweep: {replicate: 0}", "1:20", {"from 1 to 1000000"}},
        Mistake{"replicateEmpty", "sweep: {replicate: []}", "1:20", {"is an empty list"}},
        Mistake{
            "replicateNegative", "sweep: {replicate: [1, -1]}", "1:24", {"from 0 to 4294967295"}},
        Mistake{"replicateTwice", "sweep: {replicate: [1, 2, 1]}", "1:27", {"lists 1 twice"}},
        Mistake{"replicateText", "sweep: {replicate: many}", "1:20", {"'many'"}},
        Mistake{"product",
                "sweep: {replicate: 1000000, network.gain: [1, 2]}",
                "1:1",
                {"more than 1000000 networks"}},
        Mistake{"sameRows",
                "sweep: {task.source: [digits, gaussians],\n"
                "  task.gaussians.std: [0.1, 0.2]}",
                "1:1",
                {"rows 0 (task.source = digits, task.gaussians.std = 0.1, replicate = 0) and 1",
                 "are the same network"}}),
    name_of_mistake);

TEST(ConfigErrors, AllAreToldTogetherInTheOrderOfTheText) {
    const auto error = error_of(
        "nmae: a\n"
        "seed: -3\n"
        "seed: 4\n"
        "network: {gain: x, dt: 3, cell: gru}\n"
        "sweep:\n"
        "  network.density: [0.5, 7]\n"
        "  network.density: [0.5]\n",
        {"network.units=0", "task.knid=file", "network.density=0.3", "training.trials"});
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ExitCode::usage);
    const std::vector<std::string> lines = lines_of(error->what());
    const std::vector<std::string> begins = {"x.yaml:1:1: unknown key 'nmae'",
                                             "x.yaml:2:7: seed is '-3'",
                                             "x.yaml:3:1: key 'seed' is given twice",
                                             "x.yaml:4:17: network.gain is 'x'",
                                             "x.yaml:4:24: network.dt is 3, longer",
                                             "x.yaml:4:33: network.cell is 'gru'",
                                             "x.yaml:6:26: network.density is '7'",
                                             "x.yaml:7:3: key 'network.density' is given twice",
                                             "--set network.units=0: network.units is '0'",
                                             "--set task.knid=file: unknown key 'task.knid'; did "
                                             "you mean 'kind'?",
                                             "--set network.density=0.3: network.density is swept",
                                             "--set training.trials: no 'key=value'"};
    ASSERT_EQ(lines.size(), begins.size()) << error->what();
    for (std::size_t i = 0; i < lines.size(); ++i) {
        EXPECT_TRUE(lines[i].starts_with(begins[i])) << lines[i] << "\nshould begin " << begins[i];
        EXPECT_NE(lines[i].find("; "), std::string::npos) << lines[i];
    }
}

TEST(ConfigErrors, OverridesAreNamed) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"network.gain=abc", "network.gain is 'abc'"},
        {"network.gain=", "network.gain has no value"},
        {"network.gain=[1", "not valid YAML"},
        {"=3", "no 'key=value'"},
        {"network=3", "'network' is a section"},
        {"sweep=3", "the sweep is set key by key"},
        {"sweep.network.gain=3", "a list of values is wanted"},
        {"sweep.network.gain=[1, x]", "network.gain is 'x'"},
        {"sweep.seed=[1]", "replicate: n"},
        {"sweep.gain=[1]", "did you mean 'network.gain'?"},
        {"sweep.replicate=x", "sweep.replicate is 'x'"},
        {"gain=3", "did you mean network.gain?"},
        {"sweep.=3", "cannot be swept"},
        {"network.gain=*a", "not valid YAML"},
        {"name=a\tb", "name is 'a?b'"},
    };
    for (const auto& [text, says] : cases) {
        const auto error = error_of("{}", {text});
        ASSERT_TRUE(error) << text;
        const std::string message = error->what();
        EXPECT_EQ(error->code(), ExitCode::usage);
        EXPECT_TRUE(message.starts_with("--set ")) << message;
        EXPECT_NE(message.find(says), std::string::npos) << message << "\nshould say " << says;
        EXPECT_EQ(lines_of(message).size(), 1u) << message;
    }
}

TEST(ConfigErrors, SettingASweptKeySaysHow) {
    const auto error = error_of(four_rows, {"network.gain=1"});
    ASSERT_TRUE(error);
    EXPECT_STREQ(error->what(),
                 "--set network.gain=1: network.gain is swept in this configuration; write --set "
                 "sweep.network.gain=[...]");
}

TEST(ConfigErrors, SettingAKeyThatVariesWithOthersSaysHow) {
    const auto error =
        error_of("sweep:\n  network.init, network.gain: [[gauss, 1]]", {"network.gain=1"});
    ASSERT_TRUE(error);
    EXPECT_STREQ(error->what(),
                 "--set network.gain=1: network.gain is swept in this configuration; write --set "
                 "sweep.network.init,network.gain=[...]");
}

TEST(ConfigErrors, ManyProblemsAreCounted) {
    std::string text;
    for (int i = 0; i < 100; ++i) {
        text += "zz" + std::to_string(i) + ": 1\n";
    }
    const auto error = error_of(text);
    ASSERT_TRUE(error);
    const auto lines = lines_of(error->what());
    ASSERT_EQ(lines.size(), 41u);
    EXPECT_EQ(lines.back(),
              "x.yaml:41:1: and 60 more problems from here on; mend those above first");
}

}  // namespace
}  // namespace shoal
