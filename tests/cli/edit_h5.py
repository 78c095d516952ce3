# SPDX-License-Identifier: MIT
"""Damages an HDF5 file for a test: schema_version N | delete PATH | set PATH VALUE | reshape PATH."""
import sys

import h5py
import numpy as np

path, action, *rest = sys.argv[1:]
with h5py.File(path, "r+") as file:
    if action == "schema_version":
        file.attrs["schema_version"] = int(rest[0])
    elif action == "delete":
        del file[rest[0]]
    elif action == "set":
        file[rest[0]][...] = float(rest[1])
    elif action == "reshape":
        values = file[rest[0]][...]
        del file[rest[0]]
        file[rest[0]] = np.concatenate([values, values], axis=-1)
    else:
        sys.exit(f"unknown action {action}")
