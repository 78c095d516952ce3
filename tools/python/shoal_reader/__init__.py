# SPDX-License-Identifier: MIT
"""Reads runs of shoal: populations, verdicts and fixed points in xarray, single networks in PyTorch and JAX.

Needs h5py, numpy, xarray and xxhash; as_torch needs PyTorch and as_jax needs JAX.

Every function that takes `folders` takes run directories: one, or shards of one configuration, which count as one
population with its networks in the order of the configuration. Whatever is wrong with them raises RunError.
Matrices have the index order [to, from]: x_to += W[to, from] r_from. Times are in the unit of tau.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

import xarray

from .networks import Network, effective_recurrent, take_network
from .problems import RunError
from .runs import group_names, open_runs, points, points_of, table

if TYPE_CHECKING:
    from .jax_network import JaxNetwork
    from .torch_network import TorchNetwork

__all__ = ["Network", "RunError", "as_jax", "as_torch", "effective_recurrent", "group_names", "open_runs", "points",
           "points_of", "table", "take_network"]


def as_torch(dataset: xarray.Dataset, network: str | int) -> TorchNetwork:
    """torch_network.as_torch; ImportError where PyTorch is not installed."""
    from .torch_network import as_torch as build
    return build(dataset, network)


def as_jax(dataset: xarray.Dataset, network: str | int) -> JaxNetwork:
    """jax_network.as_jax; ImportError where JAX is not installed."""
    from .jax_network import as_jax as build
    return build(dataset, network)
