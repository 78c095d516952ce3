#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""FORCE in numpy at its best, on the published trial: the peer of `shoal bench force`.

350 Euler steps with 75 RLS updates (25 in each of two delays and in the response; the two delays share one
P, the response has its own). Four forms, all timed after they have agreed in float64:

  ensemble        numpy only, every operation vectorised over networks, P rewritten at every update
  ensemble-epoch  the same with P rewritten once per epoch (a rank-25 update)
  blas            one network at a time, in-place symmetric BLAS (symv, syr) through scipy
  blas-epoch      the same with P rewritten once per epoch (symv, syrk)

J r is one matrix product for all networks that share a J. Every process has one BLAS thread and its part of
the networks: two processes beat one with two threads. Two traps: without libopenblas0-pthread numpy uses the
reference BLAS, twenty times slower (refused here); and Debian's OpenBLAS does not know recent processors and
then runs SSE3 code, six times slower (with AVX-512 the kernels of SkylakeX are asked for).
Prints one JSON object per form; network_steps_per_s is the median over the repeats.
"""
import argparse
import json
import multiprocessing
import os
import statistics
import sys
import time

ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
with open("/proc/cpuinfo", encoding="ascii") as cpuinfo:
    if "avx512f" in cpuinfo.read():
        ENVIRONMENT["OPENBLAS_CORETYPE"] = "SkylakeX"
os.environ.update(ENVIRONMENT)  # before numpy loads OpenBLAS

import numpy as np  # noqa: E402
import scipy  # noqa: E402
import scipy.linalg.blas as blas  # noqa: E402

with open("/proc/self/maps", encoding="utf-8") as maps:
    if "openblas" not in maps.read():
        sys.exit("force_numpy: numpy does not use OpenBLAS; tools/setup bench installs it")

STEPS = 350
DT = 0.1
GAIN = 0.8
MEMORY, RESPONSE = 0, 1  # the two P
OUTPUTS = ([1, 2], [0])  # outputs of each P
EPOCHS = ((100, 150, MEMORY), (250, 300, MEMORY), (300, 350, RESPONSE))  # [begin, end) in steps
UPDATES = 25  # per epoch: every second step
FORMS = ("ensemble", "ensemble-epoch", "blas", "blas-epoch")


class EnsembleP:
    """P of every network, [network, unit, unit], updated at once or at the end of the epoch."""

    def __init__(self, networks, units, dtype, per_epoch):
        self.p = np.tile(np.eye(units, dtype=dtype), (networks, 1, 1))
        self.change = np.empty_like(self.p)
        self.s = np.zeros((networks, UPDATES, units), dtype)
        self.used = 0
        self.per_epoch = per_epoch

    def gain(self, r):
        """[network, unit]: P r / (1 + r' P r), with P downdated."""
        q = np.matmul(self.p, r[:, :, None])[:, :, 0]
        if self.used:
            s = self.s[:, : self.used]
            q -= np.matmul(np.matmul(s, r[:, :, None]).transpose(0, 2, 1), s)[:, 0]
        c = 1 / (1 + np.einsum("ij,ij->i", r, q))[:, None]
        k = c * q
        if self.per_epoch:
            self.s[:, self.used] = np.sqrt(c) * q
            self.used += 1
        else:
            np.multiply(k[:, :, None], q[:, None, :], out=self.change)
            self.p -= self.change
        return k

    def end_epoch(self):
        if self.used:
            np.matmul(self.s.transpose(0, 2, 1), self.s, out=self.change)
            self.p -= self.change
            self.used = 0


class BlasP:
    """The same, one network at a time, only the lower triangle."""

    def __init__(self, networks, units, dtype, per_epoch):
        single = dtype == np.float32
        self.symv = blas.ssymv if single else blas.dsymv
        self.syr = blas.ssyr if single else blas.dsyr
        self.syrk = blas.ssyrk if single else blas.dsyrk
        self.p = [np.asfortranarray(np.eye(units, dtype=dtype)) for _ in range(networks)]
        self.s = np.zeros((networks, UPDATES, units), dtype)
        self.used = 0
        self.per_epoch = per_epoch

    def gain(self, r):
        k = np.empty_like(r)
        for i, p in enumerate(self.p):
            q = self.symv(1.0, p, r[i], lower=1)
            if self.used:
                s = self.s[i, : self.used]
                q -= (s @ r[i]) @ s
            c = 1 / (1 + r[i] @ q)
            np.multiply(q, c, out=k[i])
            if self.per_epoch:
                np.multiply(q, np.sqrt(c), out=self.s[i, self.used])
            else:
                self.p[i] = self.syr(-c, q, lower=1, a=p, overwrite_a=1)
        self.used += self.per_epoch
        return k

    def end_epoch(self):
        if self.used:
            for i, p in enumerate(self.p):
                self.p[i] = self.syrk(-1.0, self.s[i].T, beta=1.0, c=p, lower=1, overwrite_c=1)
            self.used = 0


class Population:
    """Networks, `shared` consecutive ones with one J; x, r [network, unit], w [network, output, unit]."""

    def __init__(self, form, networks, units, shared, dtype, seed):
        random = np.random.default_rng(seed)
        normal = lambda *shape: random.standard_normal(shape).astype(dtype)
        self.shared = shared
        # [group, from, to]: rows of r times this.
        self.j = normal(networks // shared, units, units) * dtype(GAIN / np.sqrt(units))
        self.x = dtype(0.1) * normal(networks, units)
        self.feedback = dtype(0.2) * normal(networks, units, 3)
        self.drive = dtype(0.02) * normal(networks, 2, units)
        self.inputs = normal(STEPS, 2)
        self.w = np.zeros((networks, 3, units), dtype)
        self.r = np.tanh(self.x)
        self.z = np.zeros((networks, 3), dtype)
        kind = BlasP if form.startswith("blas") else EnsembleP
        self.p = [kind(networks, units, dtype, form.endswith("epoch")) for _ in OUTPUTS]
        self.targets = np.array([0.5, -0.3, 0.7], dtype)

    def step(self, u):
        networks, units = self.x.shape
        if self.shared == 1:
            a = np.matmul(self.r[:, None, :], self.j)[:, 0]
        else:
            a = np.matmul(self.r.reshape(-1, self.shared, units), self.j).reshape(networks, units)
        a -= self.x
        a += np.matmul(self.feedback, self.z[:, :, None])[:, :, 0]
        if u is not None:
            a += np.matmul(u, self.drive)
        a *= self.x.dtype.type(DT)
        self.x += a
        np.tanh(self.x, out=self.r)
        self.z = np.matmul(self.w, self.r[:, :, None])[:, :, 0]

    def trial(self):
        epochs = {begin: (end, which) for begin, end, which in EPOCHS}
        end, which = 0, None
        for t in range(STEPS):
            if t in epochs:
                end, which = epochs[t]
            in_stimulus = t < 100 or 150 <= t < 250
            self.step(self.inputs[t] if in_stimulus else None)
            if t < end and t % 2 == 0:
                k = self.p[which].gain(self.r)
                for output in OUTPUTS[which]:
                    error = self.z[:, output] - self.targets[output]
                    self.w[:, output] -= error[:, None] * k
            if t + 1 == end:
                self.p[which].end_epoch()


def forms_agree():
    """All forms give the same readouts after two trials in float64: the same algorithm four times.

    Tolerance: 150 updates of condition number up to 1e4 or so and 700 contracting steps on rounding of
    1e-16 stay far below 1e-8; a wrong term is of order 1.
    """
    readouts = []
    for form in FORMS:
        population = Population(form, 4, 40, 2, np.float64, seed=1)
        for _ in range(2):
            population.trial()
        readouts.append(population.w)
    return all(np.abs(w - readouts[0]).max() < 1e-8 * np.abs(readouts[0]).max() for w in readouts)


def work(form, networks, units, shared, trials, repeats, barrier, seed, answers):
    """One process: its part of the networks; puts (begin, end) of every repeat."""
    population = Population(form, networks, units, shared, np.float32, seed)
    population.trial()
    times = []
    for _ in range(repeats):
        barrier.wait()
        begin = time.monotonic()
        for _ in range(trials):
            population.trial()
        times.append((begin, time.monotonic()))
    answers.put(times)


def parts(networks, shared, processes):
    """Networks of each process and how many of them share a J: groups are cut only where there are too few."""
    groups = networks // shared
    if groups >= processes:
        counts = [(groups // processes + (i < groups % processes)) * shared for i in range(processes)]
        return [(count, shared) for count in counts]
    counts = [networks // processes + (i < networks % processes) for i in range(processes)]
    if groups > 1:
        raise SystemExit("force_numpy: fewer groups than processes, but more than one")
    return [(count, count) for count in counts]


def measure(form, arguments):
    barrier = multiprocessing.Barrier(arguments.processes)
    answers = multiprocessing.Queue()
    processes = [
        multiprocessing.Process(target=work, args=(form, networks, arguments.units, shared, arguments.trials,
                                                   arguments.repeats, barrier, seed, answers))
        for seed, (networks, shared) in enumerate(
            parts(arguments.networks, arguments.shared, arguments.processes))
    ]
    for process in processes:
        process.start()
    times = [answers.get() for _ in processes]
    for process in processes:
        process.join()
    return [max(end for _, end in repeat) - min(begin for begin, _ in repeat) for repeat in zip(*times)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=128)
    parser.add_argument("--networks", type=int, default=64)
    parser.add_argument("--shared", type=int, default=1, help="consecutive networks that share a J")
    parser.add_argument("--trials", type=int, default=1, help="trials per repeat")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--form", choices=FORMS, action="append", help="default: all")
    arguments = parser.parse_args()
    if arguments.networks % arguments.shared:
        parser.error("--shared must divide --networks")
    if not forms_agree():
        sys.exit("force_numpy: the forms disagree; nothing timed")
    for form in arguments.form or FORMS:
        seconds = statistics.median(measure(form, arguments))
        steps = arguments.networks * STEPS * arguments.trials
        print(json.dumps({
            "case": "force-numpy", "form": form, "units": arguments.units, "networks": arguments.networks,
            "shared": arguments.shared, "processes": arguments.processes, "seconds": seconds,
            "network_steps_per_s": steps / seconds, "numpy": np.__version__, "scipy": scipy.__version__,
            "openblas_coretype": os.environ.get("OPENBLAS_CORETYPE", "default"),
        }), flush=True)


if __name__ == "__main__":
    main()
