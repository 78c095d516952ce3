# SPDX-License-Identifier: MIT
"""Damages an HDF5 file for a test: edit_h5.py FILE ACTION NAME [VALUE]."""
import os
import sys

import h5py
import numpy as np

path, action, name, *rest = sys.argv[1:]
value = rest[0] if rest else None

with h5py.File(path, "r+") as file:
    if action == "schema_version":
        file.attrs["schema_version"] = int(name)
    elif action == "attribute":
        file.attrs[name] = float(value)
    elif action == "add":  # a dataset with one number
        file[name] = float(value)
    elif action == "delete-attribute":
        del file.attrs[name]
    elif action == "delete":
        del file[name]
    elif action == "set":
        file[name][...] = float(value)
    elif action == "reshape":  # twice as long along the last axis
        values = file[name][...]
        del file[name]
        file[name] = np.concatenate([values, values], axis=-1)
    elif action == "external":  # data in another file
        shape = file[name].shape
        del file[name]
        file.create_dataset(name, shape, "f8", external=[(path + ".data", 0, h5py.h5f.UNLIMITED)])
    elif action == "link":  # a link into another file
        del file[name]
        file[name] = h5py.ExternalLink(os.path.basename(path) + ".other", "/" + name)
    elif action == "huge":  # a terabyte that was never written
        del file[name]
        file.create_dataset(name, (2, 1 << 36), "f8")
    else:
        sys.exit(f"unknown action {action}")
