# SPDX-License-Identifier: MIT
"""Full disks and failing calls."""
import contextlib
import os
import subprocess

from .faults import Faults, failing, reason
from .subjects import finish


def survive_fault(subject, out, tally, plan, error, what):
    """One run into a fault: it ends well all the same, or with an error that says what failed; then it resumes."""
    faults = Faults(subject.tools, out, plan)
    ended = subject.run(out, "--resume", faults=faults)
    tally["faults"] += min(faults.injected(), 1)
    if faults.injected() == 0:
        tally["ended before the fault"] += 1
    if tally.expect_end(ended, (0, 1, 3), what) and ended.status != 0:
        tally.expect_message(ended, [[out], [reason(error)]], what)
    tally[f"status {ended.status}"] += 1
    finish(subject, out, tally, what)


def full_disk(subject, rng, out, tally):
    """From a random write on the disk is full."""
    at = rng.randint(1, subject.calls["write"])
    survive_fault(subject, out, tally, failing("write", "ENOSPC", at, once=False), "ENOSPC", f"full from write {at}")


def failing_calls(subject, rng, out, tally):
    """A random call fails, once or from then on."""
    call, errors = rng.choice((("sync", ("EIO",)), ("rename", ("EIO", "ENOSPC")), ("open", ("EMFILE", "EACCES")),
                               ("write", ("EIO",)), ("lock", ("ENOLCK",)), ("remove", ("EIO", "EACCES"))))
    error = rng.choice(errors)
    at = rng.randint(1, subject.calls[call])
    once = rng.random() < 0.5
    survive_fault(subject, out, tally, failing(call, error, at, once), error,
                  f"{call} {at} {'' if once else 'and all after it '}fails with {error}")
    tally[f"{call} fails"] += 1


def rough_calls(subject, rng, out, tally):
    """Reads and writes that move less than asked, or are interrupted, are nobody's concern."""
    faults = Faults(subject.tools, out, f"rough {rng.getrandbits(32)}")
    ended = subject.run(out, "--resume", faults=faults)
    tally["faults"] += faults.injected()
    if tally.expect_end(ended, (0,), "short and interrupted calls") and ended.err:
        tally.fail("bad message", f"not silent about short and interrupted calls: {ended.err!r}")
    finish(subject, out, tally, "short and interrupted calls")


@contextlib.contextmanager
def small_disk(folder, size):
    """A tmpfs; needs the right to mount."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True,
                   stderr=subprocess.DEVNULL)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)
        folder.rmdir()


def may_mount(tools):
    with contextlib.suppress(subprocess.CalledProcessError, FileNotFoundError):
        with small_disk(tools.scratch / "mounted", "64k"):
            return True
    return False


def fill(path, spare):
    """Writes a file until the disk is full, but for `spare` bytes."""
    with open(path, "wb", buffering=0) as ballast, contextlib.suppress(OSError):
        while ballast.write(bytes(1 << 16)) == 1 << 16:
            pass
    os.truncate(path, max(0, path.stat().st_size - spare))


def filled_disk(subject, rng, out, tally):
    """A real file system fills up while the run goes on; then there is room again."""
    with small_disk(out, "16m") as disk:
        run = disk / "run"
        program = subject.start(run, "--resume")
        program.runs_for(rng.uniform(0, subject.seconds))
        fill(disk / "ballast", rng.choice((0, 4096, 16384, 65536)))
        ended = program.end(subject.patience)
        if tally.expect_end(ended, (0, 3), "disk filled") and ended.status == 3:
            tally["faults"] += 1
            tally.expect_message(ended, [[disk], [reason("ENOSPC"), "MB are free"]], "disk filled")
        (disk / "ballast").unlink()
        finish(subject, run, tally, "disk filled")
