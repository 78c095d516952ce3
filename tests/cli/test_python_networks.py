#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Single networks of shoal_reader against `shoal export`, `simulate` and stored fixed points; example.py.

What needs PyTorch or JAX runs where they are installed; else a line says that it did not.
"""
import dataclasses
import importlib.util
import subprocess
import sys

import h5py
import numpy as np

from reader_runs import ROOT, make_runs, run_checks

import example
import shoal_reader as reader

STEPS = 20


def check_effective(shoal, folder):
    """Against export, to the rounding of g J + F W_out in any order of sums."""
    population = reader.open_runs(folder)
    shoal("export", folder, "--networks", "all", "--out", "weights.h5")
    with h5py.File("weights.h5") as file:
        for i, uid in enumerate(file["uid"].asstr()[...]):
            network = reader.take_network(population, str(uid))
            magnitude = np.abs(network.recurrent)
            if network.feedback is not None:
                magnitude = magnitude + np.abs(network.feedback) @ np.abs(network.readout)
            bound = (network.readout.shape[0] + 2) * np.finfo(float).eps * magnitude
            effective = reader.effective_recurrent(population, str(uid))
            assert effective.dtype == np.float64
            assert (np.abs(effective - file["recurrent"][i]) <= bound).all(), uid


def check_points(folder):
    population = reader.open_runs(folder)
    found = reader.points(folder)
    assert found.sizes["point"] > 0 and (np.diff(found["network"].values) >= 0).all()
    for i, uid in enumerate(population["uid"].values):
        mine = reader.points_of(found, uid)
        assert (mine["network"] == i).all() and mine.sizes["point"] == (found["network"] == i).sum()
    for k in range(found.sizes["point"]):
        point = found.isel(point=k)
        network = reader.take_network(population, point["uid"].item())
        matrix = example.jacobian(network, point["state"].values)
        if network.dt == network.tau:
            matrix = np.eye(len(matrix)) + network.dt * matrix
        stored = point["eigenvalues_map" if network.dt == network.tau else "eigenvalues_flow"].values
        # Bauer and Fike: an eigenvalue moves by at most cond(vectors) times the norm of the rounding errors.
        values, vectors = np.linalg.eig(matrix)
        bound = 100 * len(matrix) * np.finfo(float).eps * np.linalg.norm(matrix) * np.linalg.cond(vectors)
        assert example.largest_difference(values, stored) <= bound, (folder, k)


def error_bound(network, inputs, start, states):
    """How far two ways of rounding the same steps may part, in the 2-norm over units.

    The error of each step, carried on by the Jacobians along the run; twice that for what is not linear in it.
    """
    n = len(network.bias)
    magnitude = np.abs(network.recurrent)
    if network.feedback is not None:
        magnitude = magnitude + np.abs(network.feedback) @ np.abs(network.readout)
    largest = max(1.0, np.abs(states).max())
    drive = magnitude.sum(1).max() * largest + np.abs(network.input).sum(1).max() * np.abs(inputs).max()
    sums = n + network.input.shape[1] + network.readout.shape[0] + 20
    one_step = np.sqrt(n) * sums * np.finfo(float).eps * (drive + np.abs(network.bias).max() + largest)
    worst = 0.0
    for trial, first in enumerate(start):
        carried = []  # what a small error after each earlier step has become
        for now, before in zip(inputs[trial], [first, *states[trial]]):
            driven = dataclasses.replace(network, bias=network.bias + network.input @ now)
            step = np.eye(n) + network.dt * example.jacobian(driven, before)
            carried = [step @ error for error in carried] + [np.eye(n)]
            worst = max(worst, sum(np.linalg.norm(error, 2) for error in carried))
    return 2 * one_step * worst


def in_torch(population, uid, inputs, start):
    import torch
    module = reader.as_torch(population, uid)
    states, outputs = module(torch.from_numpy(inputs), torch.from_numpy(start))
    outputs.square().sum().backward()
    assert all(torch.isfinite(p.grad).all() and p.grad.any() for p in module.parameters())
    first = module(torch.from_numpy(inputs[:, :1]))[0][:, 0]  # from the network's own state
    assert torch.allclose(first, module.step(module.initial_state, torch.from_numpy(inputs[:, 0])))
    assert len(module.state_dict()) == (6 if module.feedback is not None else 5)
    return states.detach().numpy(), outputs.detach().numpy()


def in_jax(population, uid, inputs, start):
    import jax
    jax.config.update("jax_enable_x64", True)
    module = reader.as_jax(population, uid)
    states, outputs = jax.jit(module.run)(module.params, inputs, start)
    if uid == population["uid"].values[0]:
        gradient = jax.grad(lambda params: (module.run(params, inputs)[1] ** 2).sum())(module.params)
        assert gradient.keys() == module.params.keys()
        assert all(np.isfinite(value).all() and np.any(value) for value in gradient.values())
    return np.asarray(states), np.asarray(outputs)


def check_simulation(shoal, folder, run):
    """A framework against simulate, which folds the feedback into the weights."""
    population = reader.open_runs(folder)
    generator = np.random.default_rng(1)
    inputs = generator.standard_normal((3, STEPS, population.sizes["channel"]))
    start = generator.standard_normal((3, population.attrs["n_units"])) / 2
    with h5py.File("inputs.h5", "w") as file:
        file["inputs"], file["initial_state"] = inputs, start
    shoal("export", folder, "--networks", "all", "--out", "weights.h5")
    shoal("simulate", "--weights", "weights.h5", "--inputs", "inputs.h5", "--out", "answer.h5")
    with h5py.File("answer.h5") as file, h5py.File("weights.h5") as weights:
        for i, uid in enumerate(weights["uid"].asstr()[...]):
            network = reader.take_network(population, str(uid))
            expected = file["states"][i]
            states, outputs = run(population, str(uid), inputs, start)
            bound = error_bound(network, inputs, start, expected)
            assert np.linalg.norm(states - expected, axis=-1).max() <= bound, (folder, uid, bound)
            readout = np.linalg.norm(network.readout, 2)
            assert np.linalg.norm(outputs - file["outputs"][i], axis=-1).max() <= 2 * bound * max(1.0, readout)


def run_example(*folders):
    return subprocess.run([sys.executable, ROOT / "tools/python/example.py", *folders], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)


def check_example():
    for folders in (("half0", "half1"), ("rate",)):
        done = run_example(*folders)
        assert done.returncode == 0, done.stderr
        assert "% of " in done.stdout and "recomputed ones differ by at most" in done.stdout, done.stdout
        assert ("PyTorch: after" in done.stdout) == (importlib.util.find_spec("torch") is not None)
    done = run_example(".")
    assert done.returncode == 1 and "is not a run directory" in done.stderr and "Traceback" not in done.stderr


def checks(shoal):
    make_runs(shoal)
    for folder in ("whole", "rate"):
        check_effective(shoal, folder)
        check_points(folder)
    for framework, run in (("torch", in_torch), ("jax", in_jax)):
        if importlib.util.find_spec(framework):
            check_simulation(shoal, "whole", run)
            check_simulation(shoal, "rate", run)
        else:
            print(f"as_{framework} was not run: {framework} is not installed")
    check_example()


if __name__ == "__main__":
    run_checks(__doc__.splitlines()[0], checks)
