# SPDX-License-Identifier: MIT
"""What the peers of `shoal bench bptt` share: the problem, the gradient in numpy, processes, the output.

Rate cells, h <- h + A (tanh(h W + u W_in + b) - h), z = h W_out of the new h; loss of a network: mean squared
error over all steps, trials and outputs; Adam. All networks see the same trials; nothing is fed back.

Import this before numpy, torch or jax: it sets what decides how fast they are on a CPU. Debian's OpenBLAS does
not know recent processors and then runs SSE3 code, several times slower; Debian's PyTorch does not use AVX-512
by itself; and glibc returns large temporaries to the system after every operation unless told not to.
"""
import argparse
import json
import multiprocessing
import os
import statistics
import sys
import time

ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "MALLOC_MMAP_THRESHOLD_": "2000000000",
               "MALLOC_TRIM_THRESHOLD_": "8000000000", "MALLOC_TOP_PAD_": "67108864"}
with open("/proc/cpuinfo", encoding="ascii", errors="replace") as cpuinfo:
    if "avx512f" in cpuinfo.read():
        ENVIRONMENT |= {"OPENBLAS_CORETYPE": "SkylakeX", "ATEN_CPU_CAPABILITY": "avx512"}
os.environ.update(ENVIRONMENT)

import numpy as np  # noqa: E402

A = 0.2
INPUTS, OUTPUTS = 3, 2
RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-8
PARTS = ("w", "w_in", "b", "w_out")
CHECKED_STEPS = 10


class Problem:
    """float32 arrays; weights [network, from, to], trials [time, trial, channel]."""

    def __init__(self, units, networks, trials, steps, seed=1):
        self.units, self.networks, self.trials, self.steps = units, networks, trials, steps
        random = np.random.default_rng(seed)

        def normal(scale, *shape):
            return np.float32(scale) * random.standard_normal(shape, dtype=np.float32)

        self.inputs = normal(1.0, steps, trials, INPUTS)
        self.targets = normal(0.5, steps, trials, OUTPUTS)
        self.weights = {"w": normal(1.2 / np.sqrt(units), networks, units, units),
                        "w_in": normal(0.5, networks, INPUTS, units),
                        "b": normal(0.1, networks, 1, units),
                        "w_out": normal(1 / np.sqrt(units), networks, units, OUTPUTS)}

    def part(self, first, last):
        """The same trials with networks first ... last - 1."""
        one = object.__new__(Problem)
        one.__dict__ = dict(self.__dict__, networks=last - first,
                            weights={name: array[first:last] for name, array in self.weights.items()})
        return one


def numpy_gradient(problem, network, steps):
    """Gradient of one network over the first steps, in float64."""
    w, w_in, b, w_out = (problem.weights[name][network].astype(np.float64) for name in PARTS)
    u, y = (array[:steps].astype(np.float64) for array in (problem.inputs, problem.targets))
    states, rates = [np.zeros((problem.trials, problem.units))], []
    for t in range(steps):
        rates.append(np.tanh(states[-1] @ w + u[t] @ w_in + b))
        states.append(states[-1] + A * (rates[-1] - states[-1]))
    gradient = {name: np.zeros_like(problem.weights[name][network], dtype=np.float64) for name in PARTS}
    back = np.zeros_like(states[0])
    for t in reversed(range(steps)):
        error = 2 * (states[t + 1] @ w_out - y[t]) / y.size
        gradient["w_out"] += states[t + 1].T @ error
        back += error @ w_out.T
        drive = A * (1 - rates[t] ** 2) * back
        gradient["w"] += states[t].T @ drive
        gradient["w_in"] += u[t].T @ drive
        gradient["b"] += drive.sum(0)
        back = (1 - A) * back + drive @ w.T
    return gradient


def difference(problem, gradients, steps):
    """Largest relative difference of any part of the first and last network's gradients from numpy's."""
    worst = 0.0
    for network in (0, -1):
        want = numpy_gradient(problem, network, steps)
        for name in PARTS:
            got = np.asarray(gradients[name][network], np.float64)
            worst = max(worst, np.linalg.norm(got - want[name]) / np.linalg.norm(want[name]))
    return float(worst) if np.isfinite(worst) else float("inf")


def tolerance(problem, precision, steps):
    """As `shoal bench bptt` has it: errors of 2 x steps products in turn that add at most; of a product, 2 units
    of rounded operands, and one of single precision for each term of its sum. A wrong term gives order 1."""
    operand = {"fp32": 0.0, "tf32": 2.0**-11, "bf16": 2.0**-8}[precision]
    return 2 * steps * (2 * operand + 2.0**-24 * (problem.units + steps * problem.trials))


def time_iterations(form, seconds):
    """Median seconds of form.iteration(), which waits for its end."""
    form.iteration()
    times = []
    end = time.perf_counter() + seconds
    while len(times) < 2 or time.perf_counter() < end:
        begin = time.perf_counter()
        form.iteration()
        times.append(time.perf_counter() - begin)
    return statistics.median(times), len(times)


def work(make, name, precision, problem, cores, seconds, barrier, answers):
    """One process: builds the form, checks it, and times it while the others do the same."""
    try:
        if cores:
            os.sched_setaffinity(0, cores)
        form = make(name, precision, problem, len(cores))
        steps = min(CHECKED_STEPS, problem.steps)
        checked = problem.part(0, form.networks)
        worst = difference(checked, form.gradients(steps), steps)
        if worst > tolerance(problem, precision, steps):
            raise ArithmeticError(f"gradient differs from numpy's by {worst:.1e}; not timed")
        form.iteration()
        barrier.wait(timeout=900)
        median, count = time_iterations(form, seconds)
        answers.put({"seconds": median * problem.networks / form.networks, "iterations": count, "difference": worst})
    except Exception as error:  # told by the parent, whatever it was
        barrier.abort()
        answers.put({"error": f"{type(error).__name__}: {error}"[:300]})


def run_processes(make, name, precision, problem, processes, threads, seconds):
    """One answer for all networks, in `processes` processes of `threads` threads on cores of their own."""
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(processes), context.Queue()
    cores = sorted(os.sched_getaffinity(0))
    children = []
    for i in range(processes):
        first, last = (problem.networks * j // processes for j in (i, i + 1))
        children.append(context.Process(target=work, args=(
            make, name, precision, problem.part(first, last), set(cores[i * threads:(i + 1) * threads]), seconds,
            barrier, answers)))
        children[-1].start()
    found = [answers.get() for _ in children]
    for child in children:
        child.join()
    errors = [one["error"] for one in found if "error" in one and "BrokenBarrier" not in one["error"]]
    if errors or any("error" in one for one in found):
        return {"error": (errors or [found[0]["error"]])[0]}
    return {"seconds": max(one["seconds"] for one in found), "iterations": min(one["iterations"] for one in found),
            "difference": max(one["difference"] for one in found)}


def run(description, name, make, forms, has_gpu, layouts, facts):
    """Times every form on every case and prints one JSON object for each; exits 1 if one does not agree.

    make(form, precision, problem, threads), a function of a module, gives an object with networks (those it
    works on, the first of the problem's), gradients(steps) and iteration(). layouts(form, cores): pairs
    (processes, threads) on a CPU; on a GPU everything runs in one process.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", nargs="+", help="UNITS,NETWORKS,TRIALS,STEPS")
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto", help="auto: the GPU if there is one")
    parser.add_argument("--precision", choices=("fp32", "tf32", "bf16"), default="fp32", help="tf32, bf16: on a GPU")
    parser.add_argument("--forms", default=",".join(forms), help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=3.0, help="time to spend per case and form")
    arguments = parser.parse_args()
    gpu = arguments.device != "cpu" and has_gpu()
    if arguments.device == "gpu" and not gpu:
        sys.exit(f"{name}: finds no GPU")
    if arguments.precision != "fp32" and not gpu:
        parser.error(f"--precision {arguments.precision} is for a GPU")
    cores = len(os.sched_getaffinity(0))
    agree = True
    for text in arguments.case:
        units, networks, trials, steps = map(int, text.split(","))
        problem = Problem(units, networks, trials, steps)
        for form in arguments.forms.split(","):
            for processes, threads in [(1, 0)] if gpu else layouts(form, cores):
                if processes > networks:
                    continue
                answer = run_processes(make, form, arguments.precision, problem, processes, threads, arguments.seconds)
                report = {"case": name, "form": form, "units": units, "networks": networks, "trials": trials,
                          "steps": steps, "precision": arguments.precision, "processes": processes, "threads": threads}
                if "seconds" in answer:
                    answer["iterations_per_s"] = 1 / answer["seconds"]
                    answer["gflops"] = 6e-9 * units**2 * trials * steps * networks / answer["seconds"]
                else:
                    agree = False
                print(json.dumps(report | answer | facts(gpu)), flush=True)
    sys.exit(0 if agree else 1)
