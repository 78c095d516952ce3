# SPDX-License-Identifier: MIT
"""A wall clock that is somewhere else at every look."""
from .faults import Faults
from .subjects import compare


def jumps(subject, rng, out, tally):
    """Neither results nor --max-hours may look at the wall clock."""
    def run(*options, allowed):
        faults = Faults(subject.tools, out, f"clock {rng.getrandbits(32)}")
        ended = subject.run(out, "--resume", *options, faults=faults)
        tally["faults"] += faults.injected()
        tally.expect_end(ended, allowed, f"clock jumps, {options}")

    for _ in range(rng.randint(0, 3)):
        run("--max-hours", "1e-9", allowed=(5,))
    run(*rng.choice(((), ("--max-hours", "1"))), allowed=(0,))
    compare(subject, out, tally, "clock jumps")
