# SPDX-License-Identifier: MIT
"""Run directories: what each is, whether several are shards of one configuration, and the order of their networks."""
import csv
import json
import pathlib
from collections.abc import Iterable
from dataclasses import dataclass

from .problems import RunError


@dataclass(frozen=True)
class RunFolder:
    """One finished run, or one finished shard of a run."""

    path: pathlib.Path
    settings: tuple[str, ...]  # config.yaml without the run's name, which changes nothing
    shard_index: int
    shard_count: int

    @property
    def population(self) -> pathlib.Path:
        return self.path / "population.h5"

    @property
    def analysis(self) -> pathlib.Path:
        return self.path / "analysis.h5"

    @property
    def table(self) -> pathlib.Path:
        return self.path / "population.csv"

    def position(self, rank: int) -> int:
        """Place in the whole configuration of the network that is number `rank` of this shard."""
        return rank * self.shard_count + self.shard_index

    def positions(self, uids: list[str]) -> list[int]:
        """Places in the whole configuration of this folder's networks, `uids` in the order of population.h5.

        population.csv has the order of the configuration. Without it (before `shoal stats`) the file's order stands
        for it: the same in runs of one group, and group after group in others.
        """
        if not self.table.exists():
            return [self.position(rank) for rank in range(len(uids))]
        with self.table.open(newline="", encoding="utf-8") as file:
            ranks = {row.get("uid"): rank for rank, row in enumerate(csv.DictReader(file))}
        missing = [uid for uid in uids if uid not in ranks]
        if missing:
            raise RunError(f"{self.table}: has no row for network {missing[0]}; write it again with shoal stats")
        return [self.position(ranks[uid]) for uid in uids]


def _open_folder(path: pathlib.Path) -> RunFolder:
    config, manifest = path / "config.yaml", path / "manifest.json"
    if not config.is_file():
        raise RunError(f"{path}: is not a run directory (it has no config.yaml)")
    try:
        lines = config.read_text(encoding="utf-8").splitlines()
        shard = json.loads(manifest.read_text(encoding="utf-8"))["shard"]
        index, count = int(shard["index"]), int(shard["count"])
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise RunError(f"{path}: config.yaml or manifest.json cannot be read: {problem}") from problem
    folder = RunFolder(path, tuple(line for line in lines if not line.startswith("name:")), index, count)
    if not folder.population.exists():
        raise RunError(f"{path}: training is not finished (there is no population.h5); "
                       f"finish it with shoal train CONFIG --out {path} --resume")
    return folder


def open_folders(paths: Iterable[str | pathlib.Path]) -> list[RunFolder]:
    """Run directories of one configuration; RunError if one is no finished run or its config.yaml differs."""
    folders = [_open_folder(pathlib.Path(path)) for path in paths]
    if not folders:
        raise RunError("no run directory is given")
    for folder in folders[1:]:
        if folder.settings != folders[0].settings:
            raise RunError(f"{folders[0].path} and {folder.path} hold runs of different configurations (config.yaml); "
                           "give shards of one configuration")
    return folders
