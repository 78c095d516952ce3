# SPDX-License-Identifier: MIT
"""Opens the analysis of test_store_analysis.cpp with both engines of xarray."""
import sys

import numpy as np
import xarray

path = sys.argv[1]
empty = len(sys.argv) > 2

for engine in ("netcdf4", "h5netcdf"):
    n7 = xarray.open_dataset(path, group="n7", engine=engine).load()
    points = xarray.open_dataset(path, group="n7/fixed_points", engine=engine).load()
    maps = xarray.open_dataset(path, group="n5_rate/fixed_points", engine=engine).load()

    assert points["state"].dims == ("point", "unit"), points["state"].dims
    assert points["network"].dims == ("point",)
    assert points["network"].attrs["instance_dimension"] == "network"
    assert points["reached_from"].dims == ("point", "conclusion")
    assert points["eigenvalues_flow"].dims == ("point", "unit", "part")
    assert list(points["part"].values) == ["re", "im"]
    assert "eigenvalues_map" not in points
    assert "eigenvalues_map" in maps and "eigenvalues_flow" not in maps
    assert n7["speeds"].dims == ("network", "conclusion", "time")
    assert list(n7["time"].values) == [0, 1, 5, 10, 20, 30, 40, 50]
    assert n7["exponents"].dims == ("network", "exponent") and n7.sizes["exponent"] == 3
    assert set(n7.coords) >= {"uid", "replicate", "network.gain", "time"}
    if empty:
        assert points.sizes["point"] == 0 and not n7["analysed"].any()
        continue

    assert points.sizes["point"] == 2 and list(points["network"].values) == [3, 3]
    assert list(points["label"].values) == ["proved", "slow"]
    assert list(points["reached_from"].values[0]) == [0, 1, 0, 1]
    assert list(n7["analysed"].values) == [0, 0, 0, 1]
    assert list(n7["mechanism"].values) == ["none", "none", "none", "mixed"]
    assert list(n7["rule_a"].values)[3] == "manifold" and n7["rule_a"].values[0] == ""
    assert n7["evidence"].values[3].startswith("two of four runs settle")
    assert np.isnan(n7["exponents"].values[3, 2]) and np.isfinite(n7["exponents"].values[3, :2]).all()
    example = xarray.open_dataset(path, group="examples/example0", engine=engine).load()
    assert example["components_of_r"].dims == ("conclusion", "sample", "component")
    assert example.attrs["mechanism"] == "direct"
