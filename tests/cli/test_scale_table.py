#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools/bench/scale_table on a small configuration: what was measured stands in the table, and the rest follows."""
import argparse
import json
import math
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
RATE = 1e9  # network-steps/s


def scale_table(arguments, *options):
    return subprocess.run([ROOT / "tools/bench/scale_table", ROOT / "tests/support/small.yaml", "--program",
                           arguments.program, "--synthetic", arguments.synthetic, "--measured", "1000", *options],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)


def check_rows(one, disk_rate, made_up, rows):
    assert [(row["networks"], row["gpus"]) for row in rows] == [(10 ** k, g) for k in (3, 4, 5, 6) for g in (1, 64)]
    measured = made_up["stats"]["s"] + made_up["report"]["s"]
    for row in rows:
        n, gpus = row["networks"], row["gpus"]
        training = n * one["steps"] / (RATE * gpus)
        # Tests are as much faster on the GPU as training is.
        expected = {"training_s": training, "tests_s": training * one["test_s"] / one["training_s"],
                    "analysis_s": n * one["accepted"] * one["analysis_s"] / (4 * gpus),
                    "writing results_s": n * one["disk_bytes"] / disk_rate,
                    "stats and report_s": n / 1000 * measured}
        longest = max(expected, key=expected.get).removesuffix("_s")
        expected["total_s"] = sum(expected.values())
        expected["disk_bytes"] = n * one["disk_bytes"] + 3 * row["checkpoint_bytes"]
        expected["memory_bytes"] = n / 1000 * max(made_up[command]["memory"] for command in ("stats", "report"))
        for name, value in expected.items():
            assert math.isclose(row[name], value), (row, name, value)
        assert row["extrapolated"] == (n > 1000), row
        too_large = n / 1000 * made_up["report"]["memory"] > 1e9
        assert row["bottleneck"] == ("memory of report" if too_large else longest), row


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--synthetic", required=True)
    arguments = parser.parse_args()

    refused = scale_table(arguments)
    assert refused.returncode == 2 and "--gpu-rate" in refused.stderr, refused

    options = ("--gpu-rate", str(RATE), "--cores", "4", "--memory", "1e9", "--gpus", "1,64")
    outcome = scale_table(arguments, *options, "--json")
    assert outcome.returncode == 0, outcome
    network, made_up, *rows = [json.loads(line) for line in outcome.stdout.splitlines()]
    one = network["network"]
    assert one["steps"] == 40 * 50 and one["sample"] == 4 and 0 < one["accepted"] <= 1, one
    assert made_up["made_up"] == 1000 and made_up["shards"] == 1, made_up
    assert min(one["training_s"], one["analysis_s"], one["disk_bytes"], made_up["stats"]["s"],
               made_up["report"]["memory"]) > 0, (one, made_up)
    check_rows(one, network["disk_bytes_per_s"], made_up, rows)

    table = scale_table(arguments, *options)
    assert table.returncode == 0 and "1,000,000" in table.stdout and "first bottleneck" in table.stdout, table
    print("tools/bench/scale_table adds up")


if __name__ == "__main__":
    main()
