# SPDX-License-Identifier: MIT
"""The HDF5 files of a run: opened only if whole and of the known layout, read as variables with named dimensions."""
import contextlib
import pathlib
from collections.abc import Iterator

import h5py
import numpy as np
import xarray
import xxhash

from .problems import RunError

POPULATION_SCHEMA = 1
ANALYSIS_SCHEMA = 3

_SEAL_MARK = b"shoalXH3"
_SEAL_BYTES = 16
_BARE_DIMENSION = b"This is a netCDF dimension but not a netCDF variable"
_KEPT_ATTRIBUTES = ("long_name", "units", "flag_values", "flag_meanings")


def check_seal(path: pathlib.Path) -> None:
    """RunError if the checksum at the end of the file does not fit.

    Files that another program changed have no seal, and nothing is known about them.
    """
    with path.open("rb") as file:
        left = path.stat().st_size - _SEAL_BYTES
        if left < 0:
            return
        file.seek(left)
        seal = file.read()
        if not seal.startswith(_SEAL_MARK):
            return
        file.seek(0)
        found = xxhash.xxh3_64()
        while left > 0 and (block := file.read(min(left, 1 << 20))):
            found.update(block)
            left -= len(block)
    if found.intdigest() != int.from_bytes(seal[len(_SEAL_MARK):], "little"):
        raise RunError(f"{path}: is damaged: its checksum does not fit; "
                       "restore it or run the stage that wrote it again")


@contextlib.contextmanager
def opened(path: pathlib.Path, schema: int) -> Iterator[h5py.File]:
    """The open file; RunError if it is damaged, of another schema, or if the body misses something in it."""
    try:
        check_seal(path)
        with h5py.File(path, "r") as file:
            if "schema_version" not in file.attrs:
                raise RunError(f"{path}: is not a file of shoal (it has no schema_version)")
            found = int(file.attrs["schema_version"])
            if found != schema:
                raise RunError(f"{path}: has schema version {found}; this reader reads {schema}")
            yield file
    except (OSError, KeyError, RuntimeError) as problem:
        raise RunError(f"{path}: cannot be read: {problem}") from problem


def text_of(value: str | bytes) -> str:
    """A string attribute, of fixed or variable length."""
    return value.decode() if isinstance(value, bytes) else str(value)


def variables_of(group: h5py.Group) -> dict[str, xarray.Variable]:
    """The datasets of a group, read whole; strings as objects, dimensions named by their scales."""
    result = {}
    for name, item in group.items():
        if not isinstance(item, h5py.Dataset) or np.bytes_(item.attrs.get("NAME", b"")).startswith(_BARE_DIMENSION):
            continue
        dims = tuple(name if not len(scales) else scales[0].name.rpartition("/")[2] for scales in item.dims)
        text = h5py.check_string_dtype(item.dtype) is not None
        attributes = {key: item.attrs[key] for key in _KEPT_ATTRIBUTES if key in item.attrs}
        result[name] = xarray.Variable(dims, item.asstr()[...] if text else item[...], attributes)
    return result
