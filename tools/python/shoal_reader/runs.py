# SPDX-License-Identifier: MIT
"""A population with its verdicts, and its fixed points, as xarray Datasets; population.csv as a table."""
import pathlib
from collections.abc import Sequence

import h5py
import numpy as np
import pandas
import xarray

from .files import ANALYSIS_SCHEMA, POPULATION_SCHEMA, opened, variables_of
from .folders import open_folders
from .groups import ShardGroup, merged_groups
from .problems import RunError
from .stacking import Variables, share_matrices, stack

Folder = str | pathlib.Path


def group_names(*folders: Folder) -> list[str]:
    """Names of the population's groups, one per (units, cell, task shape): n200, n200_rate, n200_2, ...

    They are those of population.h5 of the run in one piece. Shards that have no setting of the task in common keep
    groups of their own.
    """
    return list(merged_groups(open_folders(folders)))


def open_runs(*folders: Folder, group: str | None = None) -> xarray.Dataset:
    """The networks of one group, trained weights and verdicts, in memory.

    Along `network`: everything of population.h5 and of the group itself in analysis.h5, with the swept settings, `uid`,
    `replicate`, `tau` and `dt` as coordinates. Networks that share their recurrent matrix before the gain have it
    once, as base[matrix, to, from] with base_index[network] and gain[network]; others have recurrent[network, to,
    from]. Both are without the feedback of the readout: see effective_recurrent. Attributes: n_units, cell, seed.

    What a network lacks (all of the analysis where its run has no analysis.h5; rows of longer axes) is NaN, -1 in
    whole numbers, empty in texts. RunError if there are several groups and none is named, or none of that name.
    """
    shards = _shards(folders, group)
    rows = _rows(shards)
    parts = [_networks(shard) for shard in shards]
    if len(parts) > 1:
        share_matrices(parts)
    variables = stack(parts, rows, "network")
    keys = [*shards[0].coordinates, "tau", "dt"]
    attributes = {"n_units": shards[0].units, "cell": shards[0].cell, "seed": shards[0].seed}
    return _dataset(variables, keys, attributes)


def points(*folders: Folder, group: str | None = None) -> xarray.Dataset:
    """The fixed and slow points of one group's networks as ragged rows along `point`, network after network.

    network[point] is the network's place in open_runs of the same folders, uid[point] its uid. state[point, unit]: x
    for current cells, h for rate cells; speed[point]: |dx/dt|; label[point]: proved, converged or slow;
    eigenvalues_flow[point, unit], per time, or for networks with dt = tau eigenvalues_map[point, unit], per step,
    complex, NaN where unknown or of the other kind; what else analysis.h5 says of points. RunError as in open_runs,
    and if no run has an analysis.h5.
    """
    shards = _shards(folders, group)
    parts, rows, owners = [], [], []
    for shard, places in zip(shards, _rows(shards)):
        if shard.folder.analysis.exists():
            with opened(shard.folder.analysis, ANALYSIS_SCHEMA) as file:
                part = variables_of(_own_group(file, shard)["fixed_points"])
            index = part.pop("network").values
            part["uid"] = xarray.Variable("point", np.array(shard.uids, dtype=object)[index])
            owners.append(places[index])
            parts.append(part)
    if not parts:
        raise RunError(f"{shards[0].folder.path}: there is no analysis.h5; write it with shoal analyze")
    network = np.concatenate(owners)
    place = np.empty_like(network)
    place[np.argsort(network, kind="stable")] = np.arange(len(network))
    rows = np.split(place, np.cumsum([len(owner) for owner in owners])[:-1])
    variables = stack(parts, rows, "point")
    variables["network"] = xarray.Variable("point", np.sort(network))
    for name in ("eigenvalues_flow", "eigenvalues_map"):
        if name in variables:
            pairs = variables[name]
            variables[name] = xarray.Variable(("point", "unit"), pairs.values[..., 0] + 1j * pairs.values[..., 1],
                                              pairs.attrs)
    variables.pop("part", None)
    return _dataset(variables, ["uid", "network"], {"n_units": shards[0].units, "cell": shards[0].cell})


def points_of(found: xarray.Dataset, uid: str) -> xarray.Dataset:
    """Those of `found` (from `points`) that belong to one network, in the order of its file; may be none."""
    return found.isel(point=np.flatnonzero(found["uid"].values == uid))


def table(*folders: Folder) -> pandas.DataFrame:
    """The rows of all population.csv in the order of the configuration; empty fields are missing values.

    RunError if a folder has no population.csv.
    """
    runs = open_folders(folders)
    pieces = []
    for run in runs:
        try:
            piece = pandas.read_csv(run.table, dtype={"uid": str}, keep_default_na=False, na_values=[""])
        except (OSError, ValueError) as problem:
            raise RunError(f"{run.table}: cannot be read: {problem}; it is written by shoal stats") from problem
        pieces.append(piece.set_axis([run.position(rank) for rank in range(len(piece))]))
    whole = pandas.concat(pieces).sort_index(kind="stable").reset_index(drop=True)
    twice = whole["uid"][whole["uid"].duplicated()]
    if len(twice):
        raise RunError(f"network {twice.iloc[0]} is there twice; give each shard once")
    return whole


def _shards(folders: Sequence[Folder], group: str | None) -> list[ShardGroup]:
    groups = merged_groups(open_folders(folders))
    if group is None and len(groups) == 1:
        return next(iter(groups.values()))
    if group not in groups:
        what = "there are several groups of networks" if group is None else f"there is no group {group}"
        raise RunError(f"{folders[0]}: {what}; choose one by group=: {', '.join(groups)}")
    return groups[group]


def _rows(shards: Sequence[ShardGroup]) -> list[np.ndarray]:
    """For each shard the rows of its networks in the merged group."""
    order = np.sort(np.concatenate([shard.positions for shard in shards]))
    return [np.searchsorted(order, shard.positions) for shard in shards]


def _own_group(file: h5py.File, shard: ShardGroup) -> h5py.Group:
    """The shard's group in its analysis.h5."""
    group = file[shard.name]
    if list(group["uid"].asstr()[...]) != shard.uids:
        raise RunError(f"{file.filename}: {shard.name} holds other networks than population.h5")
    return group


def _networks(shard: ShardGroup) -> Variables:
    with opened(shard.folder.population, POPULATION_SCHEMA) as file:
        variables = variables_of(file[shard.name])
    for name, everywhere in (("tau", shard.tau), ("dt", shard.dt)):
        swept = variables.get(f"network.{name}")
        values = np.full(len(shard.uids), everywhere) if swept is None else swept.values.astype(np.float64)
        variables[name] = xarray.Variable("network", values)
    if shard.folder.analysis.exists():
        with opened(shard.folder.analysis, ANALYSIS_SCHEMA) as file:
            variables |= variables_of(_own_group(file, shard))
    return variables


def _dataset(variables: Variables, keys: list[str], attributes: dict) -> xarray.Dataset:
    axes = [name for name, variable in variables.items() if variable.dims == (name,) and name not in keys]
    coordinates = {name: variables[name] for name in [*keys, *axes]}
    others = {name: variable for name, variable in variables.items() if name not in coordinates}
    return xarray.Dataset(others, coordinates, attributes)
