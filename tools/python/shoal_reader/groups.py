# SPDX-License-Identifier: MIT
"""Which HDF5 groups of several shards belong together."""
from collections.abc import Iterable
from dataclasses import dataclass

import h5py
import numpy as np

from .files import POPULATION_SCHEMA, opened, text_of
from .folders import RunFolder
from .problems import RunError


@dataclass(frozen=True)
class ShardGroup:
    """One group of one shard's population.h5."""

    folder: RunFolder
    name: str
    units: int
    cell: str
    tau: float  # of its first network
    dt: float
    seed: int
    uids: list[str]
    positions: np.ndarray  # [network], in the whole configuration
    coordinates: list[str]  # names of the datasets that say which network is which
    tasks: frozenset  # what is known of the tasks of its networks


def _tasks(group: h5py.Group, coordinates: list[str]) -> frozenset:
    """The settings that shape a task, as far as they are swept, of every network of a group."""
    shape = (group["input"].shape[2], group["readout"].shape[1])
    keys = [key for key in coordinates if key.startswith("task.") or key in ("network.tau", "network.dt")]
    columns = [group[key].asstr()[...] if group[key].dtype == object else group[key][...] for key in keys]
    # Numbers as float: the same value is whole in one shard and not in another, where one has fractions beside it.
    rows = zip(*([value if isinstance(value, str) else float(value) for value in column] for column in columns))
    return frozenset((shape, row) for row in rows) if keys else frozenset([(shape, ())])


def _groups_of(folder: RunFolder) -> list[ShardGroup]:
    with opened(folder.population, POPULATION_SCHEMA) as file:
        uids = {name: list(group["uid"].asstr()[...]) for name, group in file.items()}
        places = iter(folder.positions([uid for part in uids.values() for uid in part]))
        result = []
        for name, group in file.items():
            names = text_of(group["status"].attrs["coordinates"]).split()
            positions = np.array([next(places) for _ in uids[name]], dtype=np.int64)
            result.append(ShardGroup(folder, name, int(group.attrs["n_units"]), text_of(group.attrs["cell"]),
                                     float(group.attrs["tau"]), float(group.attrs["dt"]), int(group.attrs["seed"]),
                                     uids[name], positions, names, _tasks(group, names)))
        return result


def _check_distinct(shards: Iterable[ShardGroup]) -> None:
    owner: dict[str, RunFolder] = {}
    for shard in shards:
        for uid in shard.uids:
            if uid in owner:
                raise RunError(f"network {uid} is in both {owner[uid].path} and {shard.folder.path}; "
                               "give each shard once")
            owner[uid] = shard.folder


def merged_groups(folders: list[RunFolder]) -> dict[str, list[ShardGroup]]:
    """The groups of all shards, by the names that the run in one piece gives them, in the order of its networks.

    Groups of two shards are one if they agree in units, cell, inputs and outputs and have a network each with the
    same swept settings of the task. (A shard's own names do not tell: n50_2 of one may be n50 of another.)
    """
    classes: list[list[ShardGroup]] = []
    shards = [shard for folder in folders for shard in _groups_of(folder)]
    _check_distinct(shards)
    for shard in shards:
        mine = [shard]
        for other in [c for c in classes if any(_together(shard, member) for member in c)]:
            mine = other + mine
            classes.remove(other)
        classes.append(mine)
    classes.sort(key=lambda members: min(shard.positions.min() for shard in members))
    named: dict[str, list[ShardGroup]] = {}
    counts: dict[str, int] = {}
    for members in classes:
        stem = f"n{members[0].units}" + ("" if members[0].cell == "current" else f"_{members[0].cell}")
        counts[stem] = counts.get(stem, 0) + 1
        named[stem if counts[stem] == 1 else f"{stem}_{counts[stem]}"] = members
    return named


def _together(a: ShardGroup, b: ShardGroup) -> bool:
    return (a.units, a.cell) == (b.units, b.cell) and not a.tasks.isdisjoint(b.tasks)
