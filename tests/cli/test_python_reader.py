#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""shoal_reader on small runs: shards against the run in one piece, missing analyses, groups, errors."""
import pathlib
import shutil
import subprocess
import sys
import unittest.mock

import h5py
import numpy as np
import pandas
import xarray

from reader_runs import ROOT, check_tree, make_groups, make_runs, run_checks

import shoal_reader as reader


def bases(population):
    return population["base"].values[population["base_index"].values]


def check_shards_are_the_run():
    """Networks have the same bits in shards; their base matrices stand there once."""
    whole = reader.open_runs("whole")
    assert list(whole["uid"].values) == list(reader.table("whole")["uid"])
    assert set(whole.coords) >= {"uid", "replicate", "network.gain", "tau", "dt"}
    assert whole.sizes["matrix"] == 3 and whole["mechanism"].dims == ("network",)
    parts = ["base", "base_index"]
    for folders in (("half0", "half1"), ("half1", "half0")):
        merged = reader.open_runs(*folders)
        assert merged.sizes["matrix"] == 3
        assert np.array_equal(bases(merged), bases(whole))
        xarray.testing.assert_identical(merged.drop_vars(parts), whole.drop_vars(parts))
        xarray.testing.assert_identical(reader.points(*folders), reader.points("whole"))
        pandas.testing.assert_frame_equal(reader.table(*folders), reader.table("whole"))


def check_missing_analysis():
    """Shards without analysis.h5, and without shared matrices, beside one that has both."""
    whole = reader.open_runs("whole")
    mixed = reader.open_runs("quarter3", "half0", "quarter1")
    assert list(mixed["uid"].values) == list(whole["uid"].values)
    trained_only = np.arange(9) % 2 == 1
    assert (mixed["analysed"].values[trained_only] == -1).all() and (mixed["mechanism"][trained_only] == "").all()
    assert np.isnan(mixed["speeds"].values[trained_only]).all()
    assert list(mixed["mechanism"][~trained_only].values) == list(whole["mechanism"][~trained_only].values)
    for i in range(9):
        assert np.array_equal(reader.effective_recurrent(mixed, i), reader.effective_recurrent(whole, i))
    assert "analysed" not in reader.open_runs("quarter1")


def check_groups():
    with h5py.File("groups/population.h5") as file:
        stored = sorted(file)
    whole = reader.group_names("groups")
    assert whole == ["n8_rate", "n6_rate", "n6_rate_2", "n8_rate_2", "n6_rate_3", "n6_rate_4"]
    assert sorted(whole) == stored
    # The second third calls n6_rate what is n6_rate_2 of the run in one piece.
    assert (reader.open_runs("groups1", group="n6_rate")["tau"] == 2).all()
    thirds = ("groups2", "groups0", "groups1")
    assert reader.group_names(*thirds) == whole
    for group in whole:
        xarray.testing.assert_identical(reader.open_runs(*thirds, group=group), reader.open_runs("groups", group=group))


def check_trees(shoal):
    """At level full attractors have as many exponents as units, a few, or (fixed points) none."""
    shoal("run", ROOT / "tests/support/small.yaml", "--set", "analysis.level=full", "--set", "sweep.network.gain=[0.8]",
          "--out", "points", "--quiet")
    for name in ("whole", "rate", "points"):
        check_tree(f"{name}/population.h5")
        check_tree(f"{name}/analysis.h5")
    check_tree("groups/population.h5")
    shoal("export", "whole", "--networks", "all", "--out", "weights.h5")
    shoal("analyze", "--weights", "weights.h5", "--out", "dynamics.h5", "--quiet")
    for name in ("weights.h5", "dynamics.h5"):
        check_tree(name)


def expect(part, action, *arguments, error=reader.RunError, **options):
    try:
        action(*arguments, **options)
    except error as problem:
        assert part in str(problem), problem
    else:
        raise AssertionError(f"{action.__name__}{arguments} should have said: {part}")


def check_errors():
    pathlib.Path("empty").mkdir()
    expect("no run directory", reader.open_runs)
    expect("is not a run directory", reader.open_runs, "empty")
    expect("is not a run directory", reader.open_runs, "absent")
    expect("different configurations", reader.open_runs, "half0", "rate")
    expect("give each shard once", reader.open_runs, "half0", "half0")
    expect("give each shard once", reader.table, "half0", "whole")
    expect("choose one by group=: n8_rate", reader.open_runs, "groups")
    expect("there is no group n7", reader.open_runs, "whole", group="n7")
    expect("no analysis.h5", reader.points, "quarter1")
    expect("population.csv: cannot be read", reader.table, "quarter1")
    population = reader.open_runs("half0")
    expect("there is no network 0123456789abcdef", reader.effective_recurrent, population, "0123456789abcdef")
    expect("there is no network number 5", reader.effective_recurrent, population, 5)

    def copy(name):
        shutil.rmtree("copy", ignore_errors=True)
        shutil.copytree("half0", "copy")
        return pathlib.Path("copy") / name

    copy("population.h5").unlink()
    expect("training is not finished", reader.open_runs, "copy")
    for name, action in (("population.h5", reader.open_runs), ("analysis.h5", reader.points)):
        path = copy(name)
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        expect(f"{name}: is damaged", action, "copy")
        path.write_bytes(content[:len(content) // 2])
        expect(f"{name}: cannot be read", action, "copy")
        subprocess.run([sys.executable, ROOT / "tests/cli/edit_h5.py", copy(name), "schema_version", "99"], check=True)
        expect("has schema version 99", action, "copy")
    copy("manifest.json").write_text("{", encoding="utf-8")
    expect("manifest.json cannot be read", reader.open_runs, "copy")
    for missing, action in (("torch", reader.as_torch), ("jax", reader.as_jax)):
        with unittest.mock.patch.dict(sys.modules, {missing: None}):
            expect(f"pip install {missing}", action, population, 0, error=ImportError)


def checks(shoal):
    make_runs(shoal)
    make_groups(shoal)
    check_shards_are_the_run()
    check_missing_analysis()
    check_groups()
    check_trees(shoal)
    check_errors()


if __name__ == "__main__":
    run_checks(__doc__.splitlines()[0], checks)
