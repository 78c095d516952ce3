# SPDX-License-Identifier: MIT
"""Power cuts, on a model of the disk.

What survives of the folder is what POSIX promises and no more. The bytes of a file are safe once it has been
flushed after its last write. A name - of a file or folder that was created, renamed or removed - is safe once the
folder that it stands in has been flushed. Of everything else each piece is, by chance, as it was at the last flush
or as the program left it; bytes that were not flushed may be gone, cut short, or zeros. That is harsher than
journaling file systems are, but for one thing: what was flushed is taken to be on the disk.
"""
import os
import shutil

from .faults import Faults
from .subjects import compare

FOLDER = 0  # stands for the inode number of every folder


def tree(root):
    """Inode numbers by path."""
    return {str(path): FOLDER if path.is_dir() else path.stat().st_ino for path in (root, *root.rglob("*"))}


class Disk:
    """A folder on a disk that is about to lose its power; what is there at first is safe."""

    def __init__(self, root, journal):
        self.root = root
        self.journal = journal
        journal.mkdir()
        self.safe = tree(root)
        self.flushed = set(self.safe.values())

    def replay(self):
        """Brings `safe` and `flushed` to what the journal says."""
        names = dict(self.safe)
        journal = self.journal / "journal"
        for line in journal.read_text(encoding="utf-8").splitlines() if journal.exists() else ():
            what, _, rest = line.partition(" ")
            if what == "write":
                self.flushed.discard(int(rest))
            elif what == "flush":
                self.flushed.add(int(rest))
            elif what == "name":
                inode, _, path = rest.partition(" ")
                names[path] = int(inode)
            elif what == "rename":
                old, new = rest.split("\t")
                names[new] = names.pop(old)
            elif what == "gone":
                names.pop(rest)
            elif what == "folder":
                self.flush_names(rest, names)

    def flush_names(self, folder, names):
        for path in {*names, *self.safe}:
            if os.path.dirname(path) == folder:
                if path in names:
                    self.safe[path] = names[path]
                elif self.safe.pop(path, None) == FOLDER:
                    self.safe = {other: inode for other, inode in self.safe.items() if not other.startswith(path + "/")}

    def cut(self, rng, tally):
        """Leaves in the folder what the disk holds when the power comes back."""
        self.replay()
        now = tree(self.root)
        gone = set()
        for path in sorted({*self.safe, *now}):
            if os.path.dirname(path) in gone:
                gone.add(path)
                if path in self.safe and not self.named(os.path.dirname(path)):
                    tally.fail("lost", f"power cut: {path} was flushed, but the name of its folder was not")
                continue
            kept = rng.choice((self.safe.get(path), now.get(path)))
            if kept is None:
                gone.add(path)
            if kept != now.get(path):
                self.put(path, kept)
            if kept not in (None, FOLDER) and kept not in self.flushed:
                self.tear(path, rng)

    def named(self, folder):
        """True if the names of a folder, and of those that it stands in, were flushed."""
        return folder == str(self.root) or (folder in self.safe and self.named(os.path.dirname(folder)))

    def put(self, path, inode):
        if os.path.isdir(path):
            shutil.rmtree(path)
        elif os.path.exists(path):
            os.unlink(path)
        if inode == FOLDER:
            os.mkdir(path)
        elif inode is not None:
            os.link(self.journal / str(inode), path)

    @staticmethod
    def tear(path, rng):
        size = os.path.getsize(path)
        kept = rng.choice((0, rng.randint(0, size), size))
        os.truncate(path, kept)
        if rng.random() < 0.5:
            os.truncate(path, size)  # zeros where bytes were


def power_cuts(subject, rng, out, tally, plan=""):
    """The power fails at random instants, until the run ends; then it fails once more.

    Every fourth round begins with --force on a finished run.
    """
    root = out.parent / "disk"
    root.mkdir()
    run = root / "run"
    replace = rng.random() < 0.25
    if replace:
        shutil.copytree(subject.reference, run)
    for number in range(1000):
        disk = Disk(root, out.parent / f"journal-{number}")
        faults = Faults(subject.tools, root, plan, disk.journal)
        program = subject.start(run, "--force" if replace else "--resume", faults=faults)
        killed = program.runs_for(rng.uniform(0, 1.3 * subject.seconds))
        ended = program.kill() if killed else program.end(0)
        disk.cut(rng, tally)
        tally["faults"] += 1
        if not killed or ended.status == 0:
            if tally.expect_end(ended, (0,), "after power cuts"):
                compare(subject, run, tally, "after power cuts")
            return
        shutil.rmtree(disk.journal)
        replace = False
    tally.fail("stuck", "1000 power cuts, and it has not ended")


def forgotten_flushes(subject, rng, out, tally):
    """The same where fsync does nothing: this must go wrong."""
    power_cuts(subject, rng, out, tally, "forget")
