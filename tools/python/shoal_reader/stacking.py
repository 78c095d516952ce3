# SPDX-License-Identifier: MIT
"""Puts the rows of several shards together."""
from collections.abc import Sequence

import numpy as np
import xarray
import xxhash

Variables = dict[str, xarray.Variable]


def _common_type(arrays: list[np.ndarray]) -> np.dtype:
    if any(array.dtype == object for array in arrays):
        return np.dtype(object)
    return np.result_type(*arrays)


def _missing(kind: np.dtype) -> object:
    """What stands where a shard has no value: NaN, -1 for whole numbers, empty for texts."""
    return {"O": "", "i": -1}.get(kind.kind, np.nan)


def stack(parts: Sequence[Variables], rows: Sequence[np.ndarray], axis: str) -> Variables:
    """Variables along `axis` of all parts: row k of part i becomes row rows[i][k].

    Axes that differ in length, and variables that some parts lack, are filled up: NaN, -1 for whole numbers, empty
    for texts. Variables without `axis` are those of the first part that has them.
    """
    sizes: dict[str, int] = {}
    for part in parts:
        for variable in part.values():
            for dim, size in variable.sizes.items():
                sizes[dim] = max(size, sizes.get(dim, 0))
    sizes[axis] = sum(len(places) for places in rows)
    result: Variables = {}
    for name in dict.fromkeys(name for part in parts for name in part):
        present = [(part[name], places) for part, places in zip(parts, rows) if name in part]
        first = present[0][0]
        if axis not in first.dims:
            result[name] = first
            continue
        kind = _common_type([variable.values for variable, _ in present])
        values = np.full([sizes[dim] for dim in first.dims], _missing(kind), kind)
        for variable, places in present:
            own = variable.values
            if kind == object and own.dtype != object:
                own = own.astype(str)
            values[(places, *map(slice, own.shape[1:]))] = own
        result[name] = xarray.Variable(first.dims, values, first.attrs)
    return result


def share_matrices(parts: Sequence[Variables]) -> None:
    """Gives all parts one `base`, every distinct matrix in it once; nothing where no part shares matrices.

    Networks of parts that store gain x base as `recurrent`, since none of theirs share a matrix, get gain 1.
    """
    if not any("base" in part for part in parts):
        return
    kind = np.result_type(*(part["base" if "base" in part else "recurrent"].dtype for part in parts))
    numbers: dict[bytes, int] = {}
    matrices: list[np.ndarray] = []
    attributes = next(part["base"].attrs for part in parts if "base" in part)
    for part in parts:
        if "base" not in part:
            part["base"] = part.pop("recurrent")
            count = part["base"].shape[0]
            part["base_index"] = xarray.Variable("network", np.arange(count))
            part["gain"] = xarray.Variable("network", np.ones(count))
        renumbered = []
        for matrix in part.pop("base").values.astype(kind, copy=False):
            digest = xxhash.xxh3_128_digest(np.ascontiguousarray(matrix))
            if digest not in numbers:
                numbers[digest] = len(matrices)
                matrices.append(matrix)
            renumbered.append(numbers[digest])
        index = part["base_index"]
        part["base_index"] = index.copy(data=np.array(renumbered)[index.values])
    base = xarray.Variable(("matrix", "to", "from"), np.stack(matrices), attributes)
    for part in parts:
        part["base"] = base
