# SPDX-License-Identifier: MIT
"""What the FORCE peers share: the published trial, a population, the check against numpy, the output.

350 Euler steps with 75 RLS updates: at every second step of two delays, which share one P, and of the
response, which has its own. As in ../force_numpy.py, which times numpy on the same trial.
"""
import argparse
import json
import statistics
import time

import numpy as np

STEPS = 350
DT = 0.1
GAIN = 0.8
OUTPUTS = ([1, 2], [0])  # outputs that each P serves
TARGETS = (0.5, -0.3, 0.7)
# (steps, P that learns at every second one of them, is there a stimulus)
SEGMENTS = ((100, None, True), (50, 0, False), (100, None, True), (50, 0, False), (50, 1, False))
CHECKED_SEGMENTS = 2  # the first stimulus and the first delay: 150 steps, 25 updates
# Rounding of 1e-7, 150 steps of contracting networks (gain 0.8 < 1) and 25 updates of an inverse correlation
# that starts from the identity (condition below 1e3) stay below 1e-3; any wrong term gives order 1.
TOLERANCE = 1e-3


class Population:
    """float32 arrays; `shared` consecutive networks have one J."""

    def __init__(self, units, networks, shared, seed=1):
        random = np.random.default_rng(seed)

        def normal(*shape):
            return random.standard_normal(shape, dtype=np.float32)

        self.units, self.networks, self.shared = units, networks, shared
        groups = networks // shared
        self.j = normal(groups, units, units) * np.float32(GAIN / np.sqrt(units))  # [group, from, to]
        self.x = np.float32(0.1) * normal(groups, shared, units)
        self.feedback = np.float32(0.2) * normal(groups, shared, 3, units)
        self.drive = np.float32(0.02) * normal(groups, shared, 2, units)
        self.inputs = normal(STEPS, 2)


def numpy_network(population, group, member):
    """One network in float64, plain loops over the checked steps: (x, readouts)."""
    j, x, feedback, drive = (array.astype(np.float64) for array in (
        population.j[group], population.x[group, member], population.feedback[group, member],
        population.drive[group, member]))
    w = np.zeros((3, population.units))
    z = np.zeros(3)
    r = np.tanh(x)
    p = [np.eye(population.units) for _ in OUTPUTS]
    t = 0
    for steps, learner, stimulus in SEGMENTS[:CHECKED_SEGMENTS]:
        for i in range(steps):
            u = population.inputs[t].astype(np.float64) if stimulus else np.zeros(2)
            x = x + DT * (-x + r @ j + z @ feedback + u @ drive)
            r = np.tanh(x)
            z = w @ r
            if learner is not None and i % 2 == 0:
                q = p[learner] @ r
                k = q / (1 + r @ q)
                p[learner] -= np.outer(k, q)
                for output in OUTPUTS[learner]:
                    w[output] -= (z[output] - TARGETS[output]) * k
            t += 1
    return x, w


def difference(population, x, w):
    """Largest relative difference of the first and the last network's state and readouts from numpy's."""
    worst = 0.0
    for group, member in ((0, 0), (-1, -1)):
        for got, want in zip((x[group, member], w[group, member]), numpy_network(population, group, member)):
            worst = max(worst, np.linalg.norm(got - want) / np.linalg.norm(want))
    return float(worst)


def parse(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", nargs="+", help="UNITS,NETWORKS,SHARED; every SHARED consecutive networks have one J")
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto", help="auto: the GPU if there is one")
    parser.add_argument("--seconds", type=float, default=3.0, help="time to spend per case")
    arguments = parser.parse_args()
    cases = []
    for text in arguments.case:
        try:
            units, networks, shared = map(int, text.split(","))
        except ValueError:
            parser.error(f"'{text}' is not UNITS,NETWORKS,SHARED")
        if min(units, networks, shared) < 1 or networks % shared:
            parser.error(f"'{text}': SHARED must divide NETWORKS")
        cases.append((units, networks, shared))
    return arguments, cases


def check_and_time(name, population, network, seconds, **facts):
    """Prints one JSON line. `network` has segments(count) -> (x, w), from the start, and trial(), which waits.

    False if the segments do not give what numpy gives; then nothing is timed.
    """
    report = {"case": name, "units": population.units, "networks": population.networks, "shared": population.shared}
    worst = difference(population, *network.segments(CHECKED_SEGMENTS))
    agrees = worst <= TOLERANCE
    if agrees:
        network.trial()
        times = []
        end = time.perf_counter() + seconds
        while not times or time.perf_counter() < end:
            begin = time.perf_counter()
            network.trial()
            times.append(time.perf_counter() - begin)
        median = statistics.median(times)
        report |= {"seconds": median, "trials": len(times), "network_steps_per_s": population.networks * STEPS / median}
    else:
        report |= {"error": "does not agree with numpy, not timed"}
    print(json.dumps(report | {"difference": worst} | facts), flush=True)
    return agrees
