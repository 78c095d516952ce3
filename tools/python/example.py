#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What one can do with a finished run: example.py RUN_DIR... (one run, or the shards of one).

Prints the share of each mechanism, takes a network and one of its fixed points, compares the eigenvalues of the
Jacobian there with those that shoal stored, and runs the network without input from that point in PyTorch and in
JAX, where they are installed.
"""
import argparse
import importlib.util
import sys

import numpy as np

import shoal_reader as reader


def jacobian(network, state):
    """dF/dx of the flow at a state with u = 0, [to, from], per time."""
    weights = network.effective()
    if network.cell == "current":
        product = weights * (1 - np.tanh(state) ** 2)
    else:
        product = (1 - np.tanh(weights @ state + network.bias) ** 2)[:, np.newaxis] * weights
    return (product - np.eye(len(state))) / network.tau


def largest_difference(computed, stored):
    """Largest distance of a stored eigenvalue from the nearest computed one."""
    return np.abs(stored[:, np.newaxis] - computed).min(axis=1).max()


def compare_spectrum(network, point):
    matrix = jacobian(network, point["state"].values)
    is_map = network.dt == network.tau
    if is_map:
        matrix = np.eye(len(matrix)) + network.dt * matrix
    stored = point["eigenvalues_map" if is_map else "eigenvalues_flow"].values
    difference = largest_difference(np.linalg.eigvals(matrix), stored)
    print(f"a {point['label'].item()} point with {point['unstable'].item()} unstable directions, leading eigenvalue "
          f"{stored[0]:.4g} of the {'map' if is_map else 'flow'}; recomputed ones differ by at most {difference:.1e}")


def moved_by(states, point):
    return np.abs(np.asarray(states)[0, -1] - point["state"].values).max()


def run_network(population, network, point):
    """100 steps without input from the point, where the network should stay if the point is stable."""
    quiet = np.zeros((1, 100, network.input.shape[1]))
    start = point["state"].values
    if importlib.util.find_spec("torch"):
        import torch
        states, _ = reader.as_torch(population, network.uid)(torch.from_numpy(quiet), torch.from_numpy(start))
        print(f"PyTorch: after 100 steps a unit has moved by at most {moved_by(states.detach(), point):.1e}")
    if importlib.util.find_spec("jax"):
        module = reader.as_jax(population, network.uid)
        states, _ = module.run(module.params, quiet, start)
        print(f"JAX: after 100 steps a unit has moved by at most {moved_by(states, point):.1e}")


def look_at(folders, group):
    population = reader.open_runs(*folders, group=group)
    print(f"{group}: {population.sizes['network']} networks of {population.attrs['n_units']} units")
    found = reader.points(*folders, group=group)
    known = found.isel(point=np.flatnonzero(found["label"].values != "slow"))
    if known.sizes["point"] == 0:
        print("no network of this group has a fixed point on file")
        return
    point = known.isel(point=0)
    network = reader.take_network(population, point["uid"].item())
    weights = network.effective()
    print(f"network {network.uid}: W {weights.shape[0]} x {weights.shape[1]} [to, from], "
          f"spectral radius {np.abs(np.linalg.eigvals(weights)).max():.3f}, "
          f"{reader.points_of(found, network.uid).sizes['point']} points")
    compare_spectrum(network, point)
    run_network(population, network, point)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", metavar="RUN_DIR")
    folders = parser.parse_args().folders
    try:
        rows = reader.table(*folders)
        for mechanism, share in rows["mechanism"].value_counts(normalize=True).items():
            print(f"{mechanism:15} {share:.1%} of {len(rows)} networks")
        for group in reader.group_names(*folders):
            look_at(folders, group)
    except reader.RunError as problem:
        sys.exit(f"example.py: {problem}")


if __name__ == "__main__":
    main()
