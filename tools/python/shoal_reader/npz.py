# SPDX-License-Identifier: MIT
"""Weights files as NumPy archives, for programs that do not read HDF5.

  python3 -m shoal_reader.npz WEIGHTS.h5 WEIGHTS.npz
"""
import os
import pathlib
import sys

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
    temporary = pathlib.Path(f"{archive}.part")
    try:
        with temporary.open("wb") as file:
            np.savez(file, **arrays)
        temporary.replace(archive)
    finally:
        temporary.unlink(missing_ok=True)


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        weights_to_npz(sys.argv[1], sys.argv[2])
    except (OSError, RunError) as problem:
        sys.exit(f"shoal_reader.npz: {problem}")


if __name__ == "__main__":
    main()
