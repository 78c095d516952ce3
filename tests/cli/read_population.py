# SPDX-License-Identifier: MIT
"""Opens the population of test_store_population.cpp with h5py and with both engines of xarray."""
import sys

import h5py
import numpy as np
import xarray

path = sys.argv[1]

with h5py.File(path) as file:
    assert sorted(file) == ["n5_rate", "n7"], list(file)
    assert file.attrs["schema_version"] == 1
    assert file["n7"].attrs["cell"] == "current"
    assert file["n7"].attrs["n_units"] == 7 and file["n7"].attrs["seed"] == 1
    assert file["n7"].attrs["tau"] == 1.0 and file["n7"].attrs["dt"] == 0.1
    assert file["n7/base"].dtype == np.float32 and file["n7/base"].shape == (2, 7, 7)
    assert list(file["n7/base_index"]) == [0, 0, 0, 1] or list(file["n7/base_index"]) == [0, 1, 0, 1]
    assert "recurrent" not in file["n7"] and "base" not in file["n5_rate"]
    assert [d[0].name for d in file["n7/readout"].dims] == ["/n7/network", "/n7/output", "/n7/unit"]

opened = []
for engine in ("netcdf4", "h5netcdf"):
    n7 = xarray.open_dataset(path, group="n7", engine=engine).load()
    rate = xarray.open_dataset(path, group="n5_rate", engine=engine).load()
    opened.append(n7)

    assert set(n7.coords) >= {"uid", "replicate", "network.units", "network.gain", "network.cell",
                              "output", "threshold"}, n7.coords
    assert n7["base"].dims == ("matrix", "to", "from"), n7["base"].dims
    assert rate["recurrent"].dims == ("network", "to", "from"), rate["recurrent"].dims
    assert n7["input"].dims == ("network", "unit", "channel")
    assert n7["feedback"].dims == ("network", "unit", "output")
    assert n7["readout"].dims == ("network", "output", "unit")
    assert n7["conclusions"].dims == ("network", "conclusion", "unit")
    assert n7["error_curve"].dims == ("network", "trial", "output")
    assert n7["authors_fractions"].dims == ("network", "threshold")
    assert n7["state"].dims == ("network", "unit") and n7["state"].dtype == np.float32
    assert "unit" not in n7.coords and "network" not in n7.coords
    assert list(n7["output"].values) == ["z_o", "z_d1", "z_d2"]
    assert list(n7["threshold"].values) == [0.005, 0.01, 0.05, 0.1]
    assert list(n7["network.gain"].values) == [0.8, 0.8, 1.25, 1.25]
    assert n7["network.units"].dtype == np.int64
    assert list(n7["network.cell"].values) == ["current"] * 4
    assert list(n7["replicate"].values) == [0, 1, 0, 1]
    assert list(n7["status"].values) == ["diverged", "pending", "trained", "trained"], n7["status"]
    assert list(n7["accepted"].values) == [0, -1, 0, 1], n7["accepted"]
    assert np.isnan(n7["state"][1]).all() and np.isnan(n7["conclusions"][0]).all()
    assert np.isfinite(n7["readout"][0]).all()
    assert np.isfinite(n7["error_curve"][0, :3]).all() and np.isnan(n7["error_curve"][0, 3:]).all()
    assert n7.attrs["cell"] == "current" and rate.attrs["cell"] == "rate"
    assert n7["readout"].sel(output="z_o").shape == (4, 7)
    assert len(n7["uid"].values[0]) == 16
    # The effective matrix of the last network, as tools/python/README.md shows it.
    last = n7.isel(network=-1)
    effective = last["gain"] * n7["base"][int(last["base_index"])] + last["feedback"].rename(
        unit="to").dot(last["readout"].rename(unit="from"))
    assert effective.dims == ("to", "from") and np.isfinite(effective).all()

xarray.testing.assert_identical(*(d.drop_vars([v for v in d.variables if d[v].dtype == object])
                                  for d in opened))
