# SPDX-License-Identifier: MIT
"""Weights files as NumPy archives, for programs that do not read HDF5, and back.

  python3 -m shoal_reader.npz WEIGHTS.h5 WEIGHTS.npz
  python3 -m shoal_reader.npz WEIGHTS.npz WEIGHTS.h5
"""
import contextlib
import os
import pathlib
import sys
import zipfile

import h5py
import numpy as np

from .files import text_of, variables_of
from .problems import RunError


def weights_to_npz(weights: str | os.PathLike, archive: str | os.PathLike) -> None:
    """Writes the datasets of a weights file (`shoal export`) and its attributes as arrays of their names.

    Shapes and units stay: recurrent[network, to, from], input[network, unit, input], readout[network, output, unit],
    bias[network, unit]; tau and dt in units of time. Replaces the archive once all is written; RunError if the
    weights cannot be read.
    """
    try:
        with h5py.File(weights, "r") as file:
            arrays = {name: variable.values for name, variable in variables_of(file).items()}
            arrays |= {name: np.array(float(file.attrs[name])) for name in ("tau", "dt")}
            arrays |= {name: np.array(text_of(file.attrs[name])) for name in ("cell", "readout_acts_on")
                       if name == "cell" or name in file.attrs}
    except (OSError, KeyError, RuntimeError) as problem:
        raise RunError(f"{weights}: cannot be read as weights: {problem}") from problem
    if "uid" in arrays:
        arrays["uid"] = arrays["uid"].astype(str)  # an array of objects would be a pickle
    with _replaced(archive) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def npz_to_weights(archive: str | os.PathLike, weights: str | os.PathLike) -> None:
    """Writes the arrays of an archive as datasets of a weights file, cell, tau and dt as its attributes.

    Replaces the weights file once all is written; RunError if the archive cannot be read or lacks recurrent, cell, tau
    or dt.
    """
    try:
        with np.load(archive) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile) as problem:
        raise RunError(f"{archive}: cannot be read as an archive of arrays: {problem}") from problem
    missing = [name for name in ("recurrent", "cell", "tau", "dt") if name not in arrays]
    if missing:
        raise RunError(f"{archive}: has no array {', '.join(missing)}; it has {', '.join(arrays)}")
    with _replaced(weights) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["cell"] = str(arrays.pop("cell"))
        file.attrs["tau"], file.attrs["dt"] = float(arrays.pop("tau")), float(arrays.pop("dt"))
        for name, values in arrays.items():
            file[name] = values.astype(h5py.string_dtype()) if values.dtype.kind == "U" else values


@contextlib.contextmanager
def _replaced(path: str | os.PathLike):
    """A file to write that takes the place of `path` in the end, unless something fails."""
    temporary = pathlib.Path(f"{path}.part")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    convert = npz_to_weights if zipfile.is_zipfile(sys.argv[1]) else weights_to_npz
    try:
        convert(sys.argv[1], sys.argv[2])
    except (OSError, RunError) as problem:
        sys.exit(f"shoal_reader.npz: {problem}")


if __name__ == "__main__":
    main()
