# SPDX-License-Identifier: MIT
"""Small runs for the tests of tools/python, in a temporary folder of their own."""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np
import xarray

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools" / "python"))

FORCE = """name: force
seed: 3
network: {units: 30, density: 0.6, input_scale: 0.05, feedback_scale: 0.5}
task:
  source: gaussians
  codes: [1.0, 1.0, 1.0]
  durations: {stimulus1: 1.0, delay1: 1.0, stimulus2: 1.0, delay2: 1.0, response: 1.0}
training: {trials: 80}
sweep:
  network.gain: [0.8, 1.0, 1.2]
  replicate: 3
"""
# The sizes alternate, and so do the tasks, which differ in length alone.
GROUPS = """name: groups
seed: 1
network: {cell: rate, dt: 1}
task: {kind: interval}
training: {method: bptt, batch: 2, iterations: 1}
sweep:
  task.delay: [5, 10]
  network.tau, network.units: [[1, 8], [1, 6], [2, 6]]
  replicate: 2
"""


class Shoal:
    """The program under test; it works in the current folder."""

    def __init__(self, program):
        self.program = str(pathlib.Path(program).resolve())

    def __call__(self, *arguments):
        done = subprocess.run([self.program, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        assert done.returncode == 0, (arguments, done.stdout)


def make_runs(shoal):
    """whole (with the halves and odd quarters of it), rate at level full."""
    pathlib.Path("force.yaml").write_text(FORCE, encoding="utf-8")
    shoal("run", "force.yaml", "--out", "whole", "--quiet")
    shoal("run", ROOT / "tests/support/adding.yaml", "--set", "sweep.replicate=1", "--set", "analysis.level=full",
          "--out", "rate", "--quiet")
    for shard in ("0/2", "1/2"):
        shoal("run", "force.yaml", "--out", "half" + shard[0], "--quiet", "--shard", shard)
    for shard in ("1/4", "3/4"):
        shoal("train", "force.yaml", "--out", "quarter" + shard[0], "--quiet", "--shard", shard)


def make_groups(shoal):
    """groups, and groups0 to groups2, the thirds of it."""
    pathlib.Path("groups.yaml").write_text(GROUPS, encoding="utf-8")
    for name, extra in (("groups", ()), ("groups0", ("--shard", "0/3")), ("groups1", ("--shard", "1/3")),
                        ("groups2", ("--shard", "2/3"))):
        shoal("train", "groups.yaml", "--out", name, "--quiet", *extra)
        shoal("stats", name)


def check_tree(path):
    """What xarray.open_datatree demands: axes of one name agree in a group and those above it, and every axis of a
    dataset has its scale. Where xarray has open_datatree, it opens the file."""
    def is_scale(item):
        return isinstance(item, h5py.Dataset) and item.attrs.get("CLASS") == b"DIMENSION_SCALE"

    def check_group(group, above):
        axes = {name: item for name, item in group.items() if is_scale(item)}
        for name in axes.keys() & above.keys():
            assert np.array_equal(axes[name], above[name]), f"{path}: {group.name}: {name} is another one above"
        known = above | axes
        for name, item in group.items():
            if isinstance(item, h5py.Group):
                check_group(item, known)
            elif name not in axes:
                for scales in item.dims:
                    assert len(scales) == 1 and scales[0] in known.values(), f"{path}: {item.name}: an axis lacks its scale"

    with h5py.File(path) as file:
        check_group(file, {})
    if hasattr(xarray, "open_datatree"):
        for engine in ("netcdf4", "h5netcdf"):
            xarray.open_datatree(path, engine=engine).load()


def run_checks(description, checks):
    """Calls checks(shoal) in a temporary folder, with the program of the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--program", required=True)
    shoal = Shoal(parser.parse_args().program)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        checks(shoal)
