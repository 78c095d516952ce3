# SPDX-License-Identifier: MIT
"""Killed, signalled, started twice."""
import shutil
import signal
import threading
import time

from .subjects import compare, finish, phase


def kills(subject, rng, out, tally):
    """kill -9 at an instant drawn anew each time from the length of a whole run, until one ends by itself.

    Every fourth round begins with --force on a finished run.
    """
    replace = rng.random() < 0.25
    if replace:
        shutil.copytree(subject.reference, out)
    while True:
        program = subject.start(out, "--force" if replace else "--resume", "--threads", str(rng.randint(1, 3)))
        if not program.runs_for(rng.uniform(0, 1.05 * subject.seconds)):
            ended = program.end(0)
            if tally.expect_end(ended, (0,), "killed before, now by itself"):
                compare(subject, out, tally, "after kills")
            return
        ended = program.kill()
        if ended.status == -signal.SIGKILL:
            tally["faults"] += 1
            tally["killed in: " + ("a start with --force" if replace else phase(out))] += 1
        replace = False


def storm(program, signals, patience):
    """Sends each signal from a thread of its own until the program ends; returns its end and how many were sent."""
    stop = threading.Event()
    sent = []

    def send(which):
        while not stop.is_set():
            program.process.send_signal(which)
            sent.append(which)
            time.sleep(0.002)

    senders = [threading.Thread(target=send, args=(which,)) for which in signals]
    for sender in senders:
        sender.start()
    ended = program.end(patience)
    stop.set()
    for sender in senders:
        sender.join()
    return ended, len(sent)


# Work that ended by itself; that did not in time; nothing had begun.
INTERRUPTED = ("interrupted; a checkpoint was written", "interrupted; what was finished is kept",
               "interrupted. Start again with: ")


def storms(subject, rng, out, tally):
    """Signals from three threads at once, one every 2 ms or so from each; then the run goes on."""
    for _ in range(rng.randint(1, 4)):
        signals = rng.sample((signal.SIGTERM, signal.SIGINT, signal.SIGUSR1), rng.randint(1, 3))
        program = subject.start(out, "--resume")
        if program.runs_for(rng.uniform(0, subject.seconds)):
            ended, sent = storm(program, [rng.choice(signals) for _ in range(3)], subject.patience)
            tally["faults"] += sent
        else:
            ended = program.end(0)
        # Before the program listens, a signal simply ends it; a second INT ends it at once.
        allowed = [0, 5, *(-which for which in signals), *([130] if signal.SIGINT in signals else [])]
        tally[f"status {ended.status}"] += 1
        if tally.expect_end(ended, allowed, "signals") and ended.status == 5:
            tally.expect_message(ended, [INTERRUPTED, [out]], "signals")
    finish(subject, out, tally, "after signals")


def pairs(subject, rng, out, tally):
    """Two processes start at once in one folder: one works, the other says that it may not."""
    option = rng.choice(("--resume", "--force", None))
    options = [option] if option else []
    both = [subject.start(out, *options) for _ in range(2)]
    ended = [program.end(subject.patience) for program in both]
    for one in ended:
        if tally.expect_end(one, (0, 2), "two at once") and one.status == 2:
            words = ["another shoal process is working in this run directory"]
            if option is None:
                words.append("already holds a run")
            tally.expect_message(one, [words, [out]], "two at once")
    statuses = sorted(str(one.status) for one in ended)
    tally["one after the other" if statuses == ["0", "0"] else "faults"] += 1
    if "0" not in statuses:
        tally.fail("bad end", f"neither of two worked: {[one.err for one in ended]}")
    compare(subject, out, tally, "two at once")
