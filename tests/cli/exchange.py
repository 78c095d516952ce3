# SPDX-License-Identifier: MIT
"""The other side of the exchange files: what test_store_exchange.cpp reads and writes, in Python."""
import pathlib
import subprocess
import sys

import h5py
import numpy as np
import xarray

ENGINES = ("netcdf4", "h5netcdf")
READER = pathlib.Path(__file__).resolve().parents[2] / "tools" / "python"


def read_trials(path):
    for engine in ENGINES:
        trials = xarray.open_dataset(path, engine=engine).load()
        assert trials["inputs"].dims == ("trial", "time", "input"), trials["inputs"].dims
        assert trials["targets"].dims == ("trial", "time", "output")
        assert trials["mask"].dims == ("trial", "time", "output")
        assert trials["trial_type"].dims == ("trial",)
        assert trials["trial_type"].values.tolist() == [0, 1, 2, 0]
        assert trials["inputs"].shape == (4, 5, 2) and trials["mask"].shape == (4, 5, 3)
        assert trials.attrs["dt"] == 0.1


def write_trials(path):
    mask = np.zeros((2, 3, 2), dtype=bool)
    mask[:, 1, 0] = mask[:, 2, 1] = True
    with h5py.File(path, "w") as file:
        file["inputs"] = np.arange(6, dtype=np.float32).reshape(2, 3, 1)
        file.create_dataset("targets", data=np.where(mask, 0.5, np.nan), compression="gzip")
        file["mask"] = mask
        file["trial_type"] = np.array([3, 7], dtype=np.uint8)


def write_labels(stem):
    for name, labels in (("steps", [[-1, 2], [-1, 0]]), ("trials", [2, 0]), ("negative", [2, -1]),
                         ("both", [2, 0]), ("line", None)):
        with h5py.File(f"{stem}-{name}.h5", "w") as file:
            file["inputs"] = np.zeros((2, 2, 1))
            file["mask"] = np.array([[0.0, 1.0], [0.0, 2.0]])
            file["trial_type"] = np.array([0, 1])
            if labels is not None:
                file["labels"] = np.array(labels, dtype=np.int8)
            if name in ("both", "line"):
                file["targets"] = np.array([[1.0, 2.0], [3.0, 4.0]])


def compare_weights(h5_path):
    npz_path = h5_path + ".npz"
    subprocess.run([sys.executable, "-m", "shoal_reader.npz", h5_path, npz_path], check=True, cwd=READER)
    arrays = np.load(npz_path)
    with h5py.File(h5_path) as file:
        dimensions = {"network", "to", "from", "unit", "channel", "output", "trial", "time", "memory", "condition"}
        names = set(file) - dimensions
        assert names == set(arrays) - {"cell", "tau", "dt", "readout_acts_on"}, (names, set(arrays))
        for name in names:
            expected = file[name].asstr()[...] if name == "uid" else file[name][...]
            assert np.array_equal(expected, arrays[name]), name
            assert name == "uid" or arrays[name].dtype == np.float64
        assert file.attrs["cell"] == str(arrays["cell"])
        assert file.attrs.get("readout_acts_on") == (str(arrays["readout_acts_on"]) if "readout_acts_on" in arrays else None)
        assert file.attrs["tau"] == float(arrays["tau"]) and file.attrs["dt"] == float(arrays["dt"])
    for engine in ENGINES:
        weights = xarray.open_dataset(h5_path, engine=engine).load()
        assert weights["recurrent"].dims == ("network", "to", "from")
        assert "uid" not in weights or "uid" in weights.coords


def rewrite_weights(path):
    weights = xarray.load_dataset(path, engine="h5netcdf").assign_coords(unit=np.arange(4) * 10)
    weights.to_netcdf(path, engine="h5netcdf")


def write_weights(stem):
    with h5py.File(stem + "-3d.h5", "w") as file:
        file["recurrent"] = np.arange(8, dtype=">f4").reshape(2, 2, 2)
        file["input"] = np.ones((2, 2, 1), dtype=np.int64)
        file["constant_input"] = np.array([0.5], dtype=np.float32)
        file.attrs["cell"] = np.bytes_("current")
        file.attrs["tau"] = np.float32(1.0)
        file.attrs["dt"] = np.float32(0.5)
    with h5py.File(stem + "-2d.h5", "w") as file:
        file.create_dataset("recurrent", data=np.arange(4.0).reshape(2, 2), chunks=(1, 2),
                            compression="gzip")
        file["input"] = np.array([[1], [2]], dtype=np.int8)
        file["readout"] = np.array([[3, 4]], dtype=np.float32)
        file["bias"] = np.array([5.0, 6.0])
        file["uid"] = "single"
        file["inputs"] = np.array([1.0, 2.0, 3.0]).reshape(1, 3, 1)
        file["initial_state"] = np.array([[7.0, 8.0]])
        file.attrs["cell"] = "rate"
        file.attrs["tau"] = 1
        file.attrs["dt"] = np.array([0.5])


def write_inputs(path):
    with h5py.File(path, "w") as file:
        file["inputs"] = np.arange(6.0).reshape(2, 3, 1)
        file["initial_state"] = np.array([[1, 2], [3, 4]])


def read_simulation(path, kind):
    for engine in ENGINES:
        answer = xarray.open_dataset(path, engine=engine).load()
        assert answer["states"].dims == ("network", "trial", "time", "unit")
        assert answer["outputs"].dims == ("network", "trial", "time", "output")
        assert answer["states"].shape == (2, 3, 4, 5) and answer["states"].dtype == kind
        assert (answer["states"][1] == 1.25).all() and (answer["outputs"][1] == -1).all()
        assert answer.attrs["cell"] == "current"


action, *arguments = sys.argv[1:]
globals()[action.replace("-", "_")](*arguments)
