#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Batched FORCE in JAX: jit(vmap(scan)) of the published trial, P in full and rewritten at every update, float32.

The scan is written for one network and mapped twice: over networks that share a J, and over those groups. Checked
against numpy before it is timed. Prints one JSON object per case.
"""
import functools
import os
import sys

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # before jax is loaded

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import jaxlib  # noqa: E402
import numpy as np  # noqa: E402

import published_trial as published  # noqa: E402


def step(network, state, u):
    """One Euler step of one network; state (x, z, w, P)."""
    j, feedback, drive = network
    x, z, w, p = state
    x = x + published.DT * (-x + jnp.tanh(x) @ j + z @ feedback + u @ drive)
    return x, w @ jnp.tanh(x), w, p


def learn(state, learner):
    """One RLS update."""
    x, z, w, p = state
    r = jnp.tanh(x)
    q = p[learner] @ r
    k = q / (1 + r @ q)
    p = tuple(one - jnp.outer(k, q) if i == learner else one for i, one in enumerate(p))
    targets = jnp.array(published.TARGETS, jnp.float32)
    errors = sum(jax.nn.one_hot(o, 3) for o in published.OUTPUTS[learner]) * (z - targets)
    return x, z, w - jnp.outer(errors, k), p


def segments_of_one(count, network, inputs, state):
    """The first `count` segments of the trial for one network."""
    t = 0
    for steps, learner, stimulus in published.SEGMENTS[:count]:
        part = inputs[t:t + steps] * float(stimulus)
        if learner is None:
            body = lambda state, u: (step(network, state, u), None)  # noqa: E731
        else:
            part = part.reshape(steps // 2, 2, -1)

            def body(state, u, learner=learner):
                state = learn(step(network, state, u[0]), learner)
                return step(network, state, u[1]), None

        state, _ = jax.lax.scan(body, state, part)
        t += steps
    return state


@functools.partial(jax.jit, static_argnums=0, donate_argnums=3)
def segments_of_all(count, networks, inputs, state):
    one = functools.partial(segments_of_one, count)
    members = jax.vmap(one, in_axes=((None, 0, 0), None, 0))
    return jax.vmap(members, in_axes=((0, 0, 0), None, 0))(networks, inputs, state)


class Networks:
    """Arrays [group, member, ...]."""

    def __init__(self, population):
        self.population = population
        self.networks = tuple(map(jnp.asarray, (population.j, population.feedback, population.drive)))
        self.inputs = jnp.asarray(population.inputs)
        self.state = None

    def fresh(self):
        groups, shared, units = self.population.x.shape
        zeros = functools.partial(jnp.zeros, dtype=jnp.float32)
        p = tuple(jnp.tile(jnp.eye(units, dtype=jnp.float32), (groups, shared, 1, 1)) for _ in published.OUTPUTS)
        return jnp.asarray(self.population.x), zeros((groups, shared, 3)), zeros((groups, shared, 3, units)), p

    def segments(self, count):
        x, _, w, _ = segments_of_all(count, self.networks, self.inputs, self.fresh())
        return np.asarray(x), np.asarray(w)

    def trial(self):
        if self.state is None:
            self.state = self.fresh()
        self.state = jax.block_until_ready(
            segments_of_all(len(published.SEGMENTS), self.networks, self.inputs, self.state))


def main():
    arguments, cases = published.parse(__doc__)
    if arguments.device == "cpu":
        jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_default_matmul_precision", "highest")
    device = jax.devices()[0]
    if arguments.device == "gpu" and device.platform != "gpu":
        sys.exit("force_jax: JAX finds no GPU")
    facts = {"device": device.device_kind, "jax": jax.__version__, "jaxlib": jaxlib.__version__}
    agree = True
    for sizes in cases:
        population = published.Population(*sizes)
        agree &= published.check_and_time("force-jax", population, Networks(population), arguments.seconds, **facts)
    sys.exit(0 if agree else 1)


if __name__ == "__main__":
    main()
