# SPDX-License-Identifier: MIT
"""The table of a torture."""
from .subjects import Tally

COLUMNS = ("campaign", "run", "backend", "rounds", "faults", *Tally.FAILURES, "seconds")
NOTES_SHOWN = 8


class Row:
    """One campaign on one run. `finds`: it must find failures."""

    def __init__(self, name, subject, tally, seconds, finds):
        self.name = name
        self.tally = tally
        self.finds = finds
        self.cells = [name, subject.name, subject.backend, tally["rounds"], tally["faults"],
                      *(tally[kind] for kind in Tally.FAILURES), f"{seconds:.0f}"]

    def good(self):
        """A campaign that met no fault has shown nothing."""
        return self.tally["faults"] > 0 and (self.tally.failures() > 0) == self.finds

    def progress(self):
        verdict = "good" if self.good() else "BAD"
        failures = ", ".join(f"{kind} {self.tally[kind]}" for kind in Tally.FAILURES if self.tally[kind])
        return f"{verdict:4}  {self.name}, {self.cells[1]}: {self.tally['faults']} faults in " \
               f"{self.tally['rounds']} rounds, {self.cells[-1]} s{'; ' + failures if failures else ''}"

    def details(self):
        """Counts beside the columns, and the first failures where there should be none."""
        known = {"rounds", "faults", *Tally.FAILURES}
        counts = [f"{what} {count}" for what, count in sorted(self.tally.items()) if what not in known]
        lines = [f"  {self.name}, {self.cells[1]}: {', '.join(counts)}"] if counts else []
        return lines + ([] if self.finds else [f"  {self.name}: {note}" for note in self.tally.notes[:NOTES_SHOWN]])


def print_table(rows, title):
    """Prints and returns it."""
    table = [COLUMNS, *([str(cell) for cell in row.cells] for row in rows)]
    widths = [max(len(line[i]) for line in table) for i in range(len(COLUMNS))]
    lines = [title, ""]
    for line in table:
        lines.append("  ".join(cell.ljust(width) if i < 3 else cell.rjust(width)
                               for i, (cell, width) in enumerate(zip(line, widths))))
    lines += ["", *(detail for row in rows for detail in row.details()), ""]
    bad = [row.name for row in rows if not row.good()]
    lines.append(f"BAD: {', '.join(bad)}" if bad else "all good")
    text = "\n".join(lines) + "\n"
    print("\n" + text, end="")
    return text
