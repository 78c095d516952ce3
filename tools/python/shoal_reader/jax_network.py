# SPDX-License-Identifier: MIT
"""A network as pure functions of JAX."""
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import xarray

from .networks import take_network

try:
    import jax
    import jax.numpy as jnp
except ImportError as problem:
    raise ImportError("as_jax needs JAX, which is not installed: pip install jax") from problem


class JaxNetwork(NamedTuple):
    """A network: its parameters and its equations, those of networks.Network. The functions are pure.

    params: recurrent, input, readout, bias, initial_state, and feedback where outputs are fed back, named and shaped
    as there. They are in JAX's default precision: float64 only where jax_enable_x64 is set.

    step(params, state, inputs): the state after one step dt, [..., unit], from state [..., unit] and inputs
    [..., input].

    run(params, inputs, initial_state=None): states[trial, time, unit] and outputs[trial, time, output] of
    inputs[trial, time, input], by lax.scan. Entry t is after inputs[t] was used, as in the answer of `shoal
    simulate`. Trials start at initial_state, [trial, unit] or [unit]; without it at the network's own.
    """

    params: dict[str, jax.Array]
    step: Callable
    run: Callable


@functools.cache  # networks of one cell and step share their functions, and so what jax.jit compiled of them
def _equations(cell: str, step_size: float) -> tuple[Callable, Callable]:
    def rates(state):
        return jnp.tanh(state) if cell == "current" else state

    def step(params, state, inputs):
        r = rates(state)
        drive = r @ params["recurrent"].T + inputs @ params["input"].T + params["bias"]
        if "feedback" in params:
            drive = drive + (r @ params["readout"].T) @ params["feedback"].T
        towards = drive if cell == "current" else jnp.tanh(drive)
        return state + step_size * (towards - state)

    def run(params, inputs, initial_state=None):
        start = params["initial_state"] if initial_state is None else initial_state

        def advance(state, now):
            after = step(params, state, now)
            return after, after

        shape = (inputs.shape[0], params["bias"].shape[0])
        start = jnp.broadcast_to(jnp.asarray(start, params["bias"].dtype), shape)
        _, states = jax.lax.scan(advance, start, jnp.swapaxes(inputs, 0, 1))
        states = jnp.swapaxes(states, 0, 1)
        return states, rates(states) @ params["readout"].T

    return step, run


def as_jax(dataset: xarray.Dataset, network: str | int) -> JaxNetwork:
    """A network of a Dataset of open_runs; networks and errors as in take_network."""
    source = take_network(dataset, network)
    params = {name: jnp.asarray(getattr(source, name)) for name in ("recurrent", "input", "readout", "bias")}
    params["initial_state"] = jnp.asarray(source.state)
    if source.feedback is not None:
        params["feedback"] = jnp.asarray(source.feedback)
    return JaxNetwork(params, *_equations(source.cell, source.dt / source.tau))
