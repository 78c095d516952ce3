#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An ensemble of recurrent networks trained by backpropagation through time in JAX: jit(vmap(scan)) with
value_and_grad and Adam, one compiled function for an iteration of all networks. Forms:

  scan       lax.scan over steps
  unrolled   the same, five steps to a round of the loop

On a CPU in one process with every core and in one process per core. tf32 and bf16: the precision of products (bf16:
default_matmul_precision bfloat16, operands rounded by XLA). Compared with numpy first. Prints one JSON object per
case, form and number of processes.
"""
import os

import gradient_trials as trials  # first: sets the environment

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
if os.environ.get("SHOAL_ONE_THREAD"):
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import jaxlib  # noqa: E402

FORMS = {"scan": 1, "unrolled": 5}
PRECISIONS = {"fp32": "highest", "tf32": "tensorfloat32", "bf16": "bfloat16"}


def loss_of_one(p, u, y, unroll):
    def step(h, x):
        h = h + trials.A * (jnp.tanh(h @ p["w"] + x) - h)
        return h, h

    x = u @ p["w_in"] + p["b"]
    _, states = jax.lax.scan(step, jnp.zeros(x.shape[1:], x.dtype), x, unroll=unroll)
    return jnp.mean((states @ p["w_out"] - y) ** 2)


class Ensemble:
    def __init__(self, problem, unroll):
        self.networks = problem.networks
        self.p = {name: jnp.asarray(array) for name, array in problem.weights.items()}
        self.moments = [jax.tree.map(jnp.zeros_like, self.p) for _ in range(2)]
        self.u, self.y = jnp.asarray(problem.inputs), jnp.asarray(problem.targets)
        self.count = 0
        of_one = jax.value_and_grad(lambda p, u, y: loss_of_one(p, u, y, unroll))
        self.of_all = jax.jit(jax.vmap(of_one, in_axes=(0, None, None)))

        def update(p, m, v, count, u, y):
            losses, gradient = jax.vmap(of_one, in_axes=(0, None, None))(p, u, y)
            m = jax.tree.map(lambda a, g: trials.BETA1 * a + (1 - trials.BETA1) * g, m, gradient)
            v = jax.tree.map(lambda a, g: trials.BETA2 * a + (1 - trials.BETA2) * g * g, v, gradient)
            rate = trials.RATE / (1 - trials.BETA1**count)
            root = 1 / jnp.sqrt(1 - trials.BETA2**count)
            p = jax.tree.map(lambda w, a, b: w - rate * a / (jnp.sqrt(b) * root + trials.EPSILON), p, m, v)
            return losses, p, m, v

        self.update = jax.jit(update, donate_argnums=(0, 1, 2))

    def gradients(self, steps):
        return self.of_all(self.p, self.u[:steps], self.y[:steps])[1]

    def iteration(self):
        self.count += 1
        losses, self.p, *self.moments = self.update(self.p, *self.moments, jnp.float32(self.count), self.u, self.y)
        jax.block_until_ready((losses, self.p))


def make(form, precision, problem, threads):
    """threads 0: the GPU."""
    if threads:
        jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_default_matmul_precision", PRECISIONS[precision])
    return Ensemble(problem, FORMS[form])


def has_gpu():
    try:
        return jax.devices()[0].platform == "gpu"
    except RuntimeError:
        return False


def main():
    def layouts(_, cores):
        """(processes, threads); children of several processes have one thread each."""
        for processes, threads in ((1, cores), (cores, 1)) if cores > 1 else ((1, 1),):
            os.environ["SHOAL_ONE_THREAD"] = "1" if threads == 1 else ""
            yield processes, threads

    facts = lambda gpu: {"device": jax.devices()[0].device_kind if gpu else "cpu",  # noqa: E731
                         "jax": jax.__version__, "jaxlib": jaxlib.__version__}
    trials.run(__doc__, "bptt-jax", make, FORMS, has_gpu, layouts, facts)


if __name__ == "__main__":
    main()
