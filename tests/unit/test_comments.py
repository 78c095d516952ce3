#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Lists in comments and messages name what the code has: all of it, and nothing else."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def between(text, begin, end):
    """What stands between two words, each of which must be there."""
    start = text.index(begin) + len(begin)
    return text[start : text.index(end, start)]


def rows(path, begin, end, row):
    """First words of a table's rows."""
    return re.findall(row, between(read(path), begin, end), re.MULTILINE)


def enumerators(path, name):
    body = re.sub(r"//.*", "", between(read(path), f"enum {name} {{", "}"))
    return [part.split("=")[0].strip() for part in body.split(",") if part.strip()]


def words(text):
    """Of "one, two or three"."""
    return [word for word in re.findall(r"\w+", text) if word != "or"]


def group_members():
    """Public functions of the group on a device; the emulated one has them too."""
    public = between(read("cuda/support/cuda_group.cuh"), "class CudaGroup {", "private:")
    names = re.findall(r"__device__ (?:[\w:]+[ *]+)+(\w+)\(", public)
    emulated = between(read("tests/emu/emulator.hpp"), "class Group {", "private:")
    return names + [f"{name}, which the emulated group lacks" for name in names if f" {name}(" not in emulated]


def exit_codes():
    body = between(read("host/core/error.hpp"), "enum class ExitCode : int {", "};")
    return re.findall(r"= (\d+)", body)


def calls():
    return [name.removesuffix("_call") for name in enumerators("tests/support/fault_plan.hpp", "Call")[:-1]]


MECHANISMS = enumerators("host/records/records.hpp", "class Mechanism")
PURE = "/// Pure function of its input"
# (what, as listed, as the code has it)
LISTS = (
    ("cuda/support/group.hpp: functions of a group",
     re.findall(r"(\w+)(?:<T>)?\(", between(read("cuda/support/group.hpp"), "A group has", "// Views are")),
     group_members()),
    ("host/analysis/attractors/attractor_census.hpp: where runs end",
     rows("host/analysis/attractors/attractor_census.hpp", "says where it ends:", "/// Of moving runs", r"^///   (\w+)"),
     enumerators("host/records/attractor_records.hpp", "class AttractorKind")),
    ("host/analysis/attractors/mechanism.hpp: mechanisms",
     rows("host/analysis/attractors/mechanism.hpp", "in this order:", "// An exponent", r"^//   (?:  )?(\w+)  "), MECHANISMS),
    ("host/analysis/full_analysis.hpp: parts",
     rows("host/analysis/full_analysis.hpp", "in these parts:", PURE, r"^///   (\w+(?: \w+)?)  "),
     re.findall(r'"([^"]+)"', re.search(r"full_parts\[\] = \{(.*?)\}", read("host/analysis/full_analysis.cpp"), re.S)[1])),
    ("host/cli/command_line.cpp: exit codes in the help",
     re.findall(r"\d+", between(read("host/cli/command_line.cpp"), '"Exit codes: ', '");')), exit_codes()),
    ("host/records/records.hpp: labels of points",
     words(between(read("host/records/records.hpp"), 'record.label, Meaning{"', '"')),
     enumerators("host/records/records.hpp", "class PointLabel")),
    ("host/records/records.hpp: status",
     words(between(read("host/records/records.hpp"), 'record.status, Meaning{"', '"')),
     enumerators("host/records/records.hpp", "class Status")),
    ("tests/support/fault_injector.cpp: what goes wrong",
     rows("tests/support/fault_injector.cpp", "what goes wrong, one of", "//   SHOAL", r"^//     (\w+)"),
     enumerators("tests/support/fault_plan.hpp", "class Trouble")[1:]),
    ("tests/support/fault_injector.cpp: calls",
     words(between(read("tests/support/fault_injector.cpp"), "AT ONCE  ", " (CALL")),
     calls()),
    ("tests/cli/test_cli_faults.cpp: calls",
     [name.removesuffix("_call") for name in enumerators("tests/cli/test_cli_faults.cpp", "Call")], calls()),
    ("tools/torture_campaigns/faults.py: calls",
     re.findall(r'"(\w+)"', between(read("tools/torture_campaigns/faults.py"), "CALLS = ", "\n")), calls()),
)


def main():
    problems = []
    for what, listed, there in LISTS:
        problems += [f"{what}: lacks {name}" for name in sorted(set(there) - set(listed))]
        problems += [f"{what}: {name} is not in the code" for name in sorted(set(listed) - set(there))]
        problems += [f"{what}: nothing was found" for names in (listed, there) if not names]
        if what.endswith(": calls") and listed != there:  # known by their numbers
            problems.append(f"{what}: {listed} in place of {there}")
    print("\n".join(problems))
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
