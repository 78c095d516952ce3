# SPDX-License-Identifier: MIT
"""The small runs that are tortured, and what becomes of them."""
import collections
import dataclasses
import os
import pathlib
import subprocess
import time

from .faults import CALLS, Faults

CONFIGS = pathlib.Path(__file__).resolve().parents[2] / "tests" / "support"
FORCE = (CONFIGS / "small.yaml", ("training.trials=120", "sweep.replicate=2"))
BPTT = (CONFIGS / "adding.yaml", ())
RESULTS = ("population.h5", "analysis.h5", "population.csv")


@dataclasses.dataclass
class Ended:
    """A process that ended: exit status (negative: by that signal; None: it never ended), stderr, seconds."""
    status: int | None
    err: str
    seconds: float


class Program:
    """A process of shoal. Its stdout goes nowhere, its stderr is kept."""

    def __init__(self, command, environment=None):
        self.start = time.monotonic()
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                        env={**os.environ, **(environment or {})})

    def runs_for(self, seconds):
        """Waits; True if it still runs then."""
        try:
            self.process.wait(seconds)
            return False
        except subprocess.TimeoutExpired:
            return True

    def end(self, timeout):
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = None
        with self.process.stderr as stream:
            return Ended(status, stream.read(), time.monotonic() - self.start)

    def kill(self):
        self.process.kill()
        return self.end(60)


class Subject:
    """One configuration on one backend, with the results of a run that nothing disturbed.

    `config` is FORCE or BPTT: a file and settings, which `settings` are added to."""

    def __init__(self, tools, name, config, backend="cpu", settings=()):
        self.name = name
        self.backend = backend
        self.tools = tools
        self.config, first = config
        self.settings = [part for setting in (*first, *settings) for part in ("--set", setting)]
        self.reference = tools.scratch / f"{name}-undisturbed"
        ended = Program(self.command(self.reference), tools.environment).end(600)
        if ended.status != 0:
            raise SystemExit(f"tools/torture: the undisturbed run {name} failed:\n{ended.err}")
        self.seconds = ended.seconds
        self.patience = 60 + 30 * ended.seconds
        counted = tools.scratch / f"{name}-counted"
        faults = Faults(tools, counted)
        self.run(counted, faults=faults)
        self.calls = {call: faults.calls(call) for call in CALLS}

    def command(self, out, *options):
        return [self.tools.program, "run", self.config, "--out", out, "--backend", self.backend, "--quiet",
                "--checkpoint-seconds", "0", *self.settings, *options]

    def start(self, out, *options, faults=None):
        environment = faults.environment if faults else {}
        return Program(self.command(out, *options), {**self.tools.environment, **environment})

    def run(self, out, *options, faults=None):
        return self.start(out, *options, faults=faults).end(self.patience)


class Tally(collections.Counter):
    """What a round met: rounds, faults and the kinds of failure, with a note on each failure."""

    FAILURES = ("lost", "wrong bits", "stuck", "bad end", "bad message", "untidy")

    def __init__(self):
        super().__init__()
        self.notes = []

    def fail(self, kind, note):
        self[kind] += 1
        self.notes.append(f"{kind}: {note}")

    def failures(self):
        return sum(self[kind] for kind in self.FAILURES)

    def expect_end(self, ended, allowed, what):
        """True if the process ended as it may."""
        if ended.status is None:
            self.fail("stuck", f"{what}: still running after {ended.seconds:.0f} s; {ended.err.strip()}")
        elif ended.status not in allowed:
            self.fail("bad end", f"{what}: status {ended.status}; {ended.err.strip()}")
        return ended.status in allowed

    def expect_message(self, ended, parts, what):
        """An error of one or two lines, or a warning and an error, that has one of the words of every part."""
        lines = ended.err.strip().split("\n")
        good = len(lines) <= 2 and "\nshoal: " in "\n" + ended.err and "unknown" not in ended.err
        for words in parts:
            good = good and any(str(word) in ended.err for word in words)
        if not good:
            self.fail("bad message", f"{what}: {ended.err.strip()!r}")


def leftovers(out):
    """What an ended run must not leave."""
    return [str(path.relative_to(out)) for path in pathlib.Path(out).rglob("*")
            if ".tmp-" in path.name or path.name == "checkpoint"]


def compare(subject, out, tally, what):
    """A run that ended: the same bits as the undisturbed one, and nothing else lying about."""
    for name in RESULTS:
        if not (out / name).exists():
            tally.fail("lost", f"{what}: {name} is missing")
        elif (out / name).read_bytes() != (subject.reference / name).read_bytes():
            tally.fail("wrong bits", f"{what}: {name}")
    if left := leftovers(out):
        tally.fail("untidy", f"{what}: {', '.join(left)}")


def finish(subject, out, tally, what):
    """The fault is gone: --resume must end, in the same bits."""
    ended = subject.run(out, "--resume")
    if ended.status is None:
        tally.fail("stuck", f"{what}: --resume")
    elif ended.status != 0:
        tally.fail("lost", f"{what}: --resume ended with {ended.status}: {ended.err.strip()}")
    else:
        compare(subject, out, tally, what)


def phase(out):
    """How far the run in a folder has come."""
    out = pathlib.Path(out)
    if not (out / "config.yaml").exists():
        return "start-up"
    for name in ("population.h5", "analysis.h5"):
        if any(out.glob(f"{name}.tmp-*")):
            return f"writing {name}"
        if not (out / name).exists():
            writing = any((out / "checkpoint").glob("*.tmp-*"))
            stage = "training" if name == "population.h5" else "analysis"
            return f"{stage}, writing a checkpoint" if writing else stage
    return "the end" if (out / "report" / "index.html").exists() else "tables and report"
