#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Weights of other programs: formats that are refused by name, the conversions that are shown, archives and back."""
import pathlib
import pickle
import re
import subprocess
import sys
import zipfile

import h5py
import numpy as np

from reader_runs import ROOT, make_runs, run_checks

import shoal_reader.npz as npz

UNITS = 5
GENERATOR = np.random.default_rng(1)
RECURRENT = GENERATOR.normal(size=(UNITS, UNITS))
INPUT = GENERATOR.normal(size=(UNITS, 2))
READOUT = GENERATOR.normal(size=(3, UNITS))
BIAS = GENERATOR.normal(size=UNITS)


def write_zip(path, *names):
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            file.writestr(name, "")


def write_matlab73(path):
    """What save -v7.3 writes: HDF5 behind a text, every array with its axes in reverse."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, values in (("recurrent", RECURRENT), ("input", INPUT), ("readout", READOUT), ("bias", BIAS[:, None])):
            file[name] = values.T
    with open(path, "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124))


def write_foreign():
    """Files by name, what the message says of each, and whether its command runs here as it stands."""
    write_zip("model.pt", "archive/data.pkl", "archive/data/0")
    pathlib.Path("old.pt").write_bytes(bytes.fromhex("80028a0a6cfc9c46f9206aa850192e") + bytes(100))
    write_zip("model.keras", "metadata.json", "config.json", "model.weights.h5")
    with h5py.File("keras.h5", "w") as file:
        file.create_group("model_weights/simple_rnn")
        file.attrs["keras_version"] = "2.15.0"
    with h5py.File("keras3.weights.h5", "w") as file:
        file.create_group("_layer_checkpoint_dependencies")
    write_matlab73("new.mat")
    pathlib.Path("old.mat").write_bytes(b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(124) + bytes(200))
    np.savez("arrays.npz", recurrent=RECURRENT, cell="rate", tau=1.0, dt=1.0)
    np.save("array.npy", RECURRENT)
    with open("arrays.pkl", "wb") as file:
        pickle.dump({"recurrent": RECURRENT}, file)
    np.savetxt("matrix.csv", RECURRENT, delimiter=",")
    pathlib.Path("model.safetensors").write_bytes((60).to_bytes(8, "little") + b'{"weight_hh_l0":{"dtype":"F32"}}')
    return {
        "model.pt": ("PyTorch", False), "old.pt": ("PyTorch", False), "model.keras": ("Keras", False),
        "keras.h5": ("Keras", False), "keras3.weights.h5": ("Keras", False), "new.mat": ("MATLAB 7.3", True),
        "old.mat": ("MATLAB file saved without", False), "arrays.npz": ("NumPy archive", True),
        "array.npy": ("NumPy array", True), "arrays.pkl": ("pickle", True), "matrix.csv": ("text", True),
        "model.safetensors": ("safetensors", False)}


def check_foreign(shoal):
    """Every format under a name that says nothing of it, too, and by every command."""
    for name, (says, runs) in write_foreign().items():
        pathlib.Path("weights").write_bytes(pathlib.Path(name).read_bytes())
        for path in (name, "weights"):
            for command in (("analyze", "--weights", path), ("simulate", "--weights", path, "--out", "s.h5"),
                            ("adjoint", "--weights", path, "--steps", "9", "--out", "s.h5")):
                done = subprocess.run([shoal.program, *command], capture_output=True, text=True, check=False)
                assert done.returncode == 3, (name, done)
                assert done.stderr.startswith(f"shoal: {path}: is ") and done.stderr.count("\n") == 1, done.stderr
                assert says in done.stderr and "python3 -" in done.stderr, done.stderr
        if runs:
            shown = re.search(r"python3 -(c \".*?\"|m .*$)", done.stderr).group().strip()
            environment = {"PYTHONPATH": str(ROOT / "tools" / "python"), "PATH": "/usr/bin:/bin"}
            subprocess.run(shown, shell=True, check=True, env=environment)
            shoal("analyze", "--weights", "weights.h5", "--quiet")
            with h5py.File("weights.h5") as file:
                assert np.array_equal(file["recurrent"], RECURRENT), name
            pathlib.Path("weights.h5").unlink()
    pathlib.Path("init.yaml").write_text(
        "network: {units: 5, init: file, path: model.pt}\ntraining: {trials: 2}\n", encoding="utf-8")
    done = subprocess.run([shoal.program, "train", "init.yaml", "--quiet"], capture_output=True, text=True, check=False)
    assert done.returncode == 3 and "PyTorch" in done.stderr, done


def shown_functions():
    """Those of tools/python/README.md, which test_readme.py runs as well."""
    page = (ROOT / "tools/python/README.md").read_text(encoding="utf-8")
    block = next(text for text in re.findall(r"```python\n(.*?)```", page, re.S) if "def write_weights" in text)
    functions = {}
    exec(block, functions)  # pylint: disable=exec-used
    return functions


def check_conversions(shoal):
    """Each gives the network h <- tanh(W h + W_in u + b), z = W_out h."""
    shown = shown_functions()
    write_matlab73("new.mat")
    state = {"rnn.weight_hh_l0": RECURRENT, "rnn.weight_ih_l0": INPUT, "out.weight": READOUT,
             "rnn.bias_ih_l0": BIAS / 4, "rnn.bias_hh_l0": 3 * BIAS / 4}
    shown["from_torch"](state, "torch.h5")
    shown["from_keras"]([INPUT.T, RECURRENT.T, BIAS], [READOUT.T], "keras.h5")
    shown["from_arrays"]({"recurrent": RECURRENT, "input": INPUT, "readout": READOUT, "bias": BIAS[None]}, "arrays.h5")
    with h5py.File("new.mat") as file:
        shown["from_matlab73"](file, "matlab.h5")
    inputs = np.random.default_rng(2).normal(size=(2, 6, 2))
    with h5py.File("in.h5", "w") as file:
        file["inputs"] = inputs
    for name in ("torch", "keras", "arrays", "matlab"):
        shoal("simulate", "--weights", f"{name}.h5", "--inputs", "in.h5", "--out", "out.h5")
        h = np.zeros((2, UNITS))
        with h5py.File("out.h5") as file:
            for t in range(6):
                h = np.tanh(h @ RECURRENT.T + inputs[:, t] @ INPUT.T + BIAS)
                # Sums of eight terms round by 1e-15; over six steps a Jacobian of norm below 5 grows that.
                assert np.abs(file["states"][0, :, t] - h).max() < 1e-15 * 5**6, name
                assert np.abs(file["outputs"][0, :, t] - h @ READOUT.T).max() < 1e-15 * 5**7, name


def check_archives(shoal):
    """export, an archive of it, and a weights file of that simulate to the same bits."""
    make_runs(shoal)
    for run, channels in (("whole", 2), ("rate", 2)):
        shoal("export", run, "--networks", "all", "--out", "w.h5")
        npz.weights_to_npz("w.h5", "w.npz")
        npz.npz_to_weights("w.npz", "back.h5")
        with h5py.File("in.h5", "w") as file:
            file["inputs"] = np.random.default_rng(3).normal(size=(2, 9, channels))
        for name in ("w", "back"):
            shoal("simulate", "--weights", f"{name}.h5", "--inputs", "in.h5", "--out", f"{name}-s.h5")
        assert pathlib.Path("w-s.h5").read_bytes() == pathlib.Path("back-s.h5").read_bytes()
        with h5py.File("w.h5") as one, h5py.File("back.h5") as other:
            assert list(one["uid"].asstr()[...]) == list(other["uid"].asstr()[...])
    np.savez("bare.npz", W=RECURRENT)
    done = subprocess.run([sys.executable, "-m", "shoal_reader.npz", pathlib.Path("bare.npz").resolve(), "b.h5"],
                          cwd=ROOT / "tools/python", capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "has no array recurrent, cell, tau, dt" in done.stderr, done


def checks(shoal):
    check_foreign(shoal)
    check_conversions(shoal)
    check_archives(shoal)


if __name__ == "__main__":
    run_checks(__doc__.splitlines()[0], checks)
