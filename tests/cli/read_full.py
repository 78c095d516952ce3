# SPDX-License-Identifier: MIT
"""Opens the file of test_store_full.cpp, with the groups that are named, with both engines of xarray."""
import sys

import h5py
import xarray

path = sys.argv[1]
parts = set(sys.argv[2:])
with h5py.File(path) as file:
    groups = [name for name in file if name != "examples"]
    for name in groups:
        assert parts <= set(file[name]), set(file[name])
for engine in ("netcdf4", "h5netcdf"):
    for name in groups:
        networks = xarray.open_dataset(path, group=name, engine=engine).sizes["network"]
        for part in parts:
            with xarray.open_dataset(path, group=f"{name}/{part}", engine=engine) as opened:
                data = opened.load()
            if "network" in data:  # rows of networks
                assert data["network"].attrs["instance_dimension"] == "network"
                assert (data["network"] < networks).all()
            else:
                assert data.sizes["network"] == networks, (part, data.sizes)
            assert all(data[v].attrs["long_name"] for v in data.data_vars if v != "network"), part
