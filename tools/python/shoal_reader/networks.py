# SPDX-License-Identifier: MIT
"""One network of a population, as arrays."""
from __future__ import annotations

import operator
from dataclasses import dataclass

import numpy as np
import xarray

from .problems import RunError


@dataclass(frozen=True)
class Network:
    """The trained weights of one network in float64; its equations, with a = dt / tau:

        drive(t) = recurrent r(t) + feedback z(t) + input u(t) + bias
        current:  x(t+1) = (1 - a) x(t) + a drive(t),         r = tanh(x)
        rate:     x(t+1) = (1 - a) x(t) + a tanh(drive(t)),   r = x
        z(t) = readout r(t)
    """

    uid: str
    cell: str  # current or rate
    tau: float
    dt: float
    recurrent: np.ndarray  # [to, from], gain x base where that is shared
    input: np.ndarray  # [unit, input]
    feedback: np.ndarray | None  # [unit, output]; None: outputs are not fed back
    readout: np.ndarray  # [output, unit]
    bias: np.ndarray  # [unit]
    state: np.ndarray  # [unit], at the end of training; after gradient training where every trial starts

    def effective(self) -> np.ndarray:
        """recurrent + feedback readout, [to, from]: the matrix of the network left to itself."""
        return self.recurrent if self.feedback is None else self.recurrent + self.feedback @ self.readout


def take_network(dataset: xarray.Dataset, network: str | int) -> Network:
    """A network of a Dataset of open_runs, by uid or by its place along `network` (negative: from the end).

    RunError if it is not there or was not trained yet. A diverged network has the weights from before it diverged.
    """
    one = dataset.isel(network=_place(dataset, network))
    uid = str(one["uid"].item())
    if one["status"].item() == "pending":
        raise RunError(f"network {uid} is not trained yet")

    def numbers(name: str) -> np.ndarray:
        return one[name].values.astype(np.float64)

    if "base" in dataset:
        base = dataset["base"].values[int(one["base_index"])]
        recurrent = float(one["gain"]) * base.astype(np.float64)
    else:
        recurrent = numbers("recurrent")
    feedback = numbers("feedback")
    return Network(uid, dataset.attrs["cell"], float(one["tau"]), float(one["dt"]), recurrent, numbers("input"),
                   feedback if feedback.any() else None, numbers("readout"), numbers("bias"), numbers("state"))


def effective_recurrent(dataset: xarray.Dataset, network: str | int) -> np.ndarray:
    """W = gain x base (or recurrent) + feedback readout of a network, [to, from], float64.

    It is what stands where W stands in the equation of the network left to itself, and what `shoal export` writes as
    `recurrent`. Networks and errors as in take_network.
    """
    return take_network(dataset, network).effective()


def _place(dataset: xarray.Dataset, network: str | int) -> int:
    uids = dataset["uid"].values
    if isinstance(network, str):
        found = np.flatnonzero(uids == network)
        if len(found) != 1:
            raise RunError(f"there is no network {network} among these {len(uids)}")
        return int(found[0])
    index = operator.index(network)
    if not -len(uids) <= index < len(uids):
        raise RunError(f"there is no network number {index} among these {len(uids)}")
    return index
