# SPDX-License-Identifier: MIT
"""The fault injector (tests/support/fault_injector.cpp) around one process."""
import errno
import os
import struct

CALLS = {name: i for i, name in enumerate(("write", "sync", "rename", "open", "lock", "remove"))}  # as enum Call


class Faults:
    """environment makes a process run into faults in folder `out`; the counters say what it met."""

    def __init__(self, tools, out, plan="", journal=None):
        self.counters = out.parent / f"{out.name}.counters"
        self.counters.write_bytes(bytes(64))
        self.environment = {"LD_PRELOAD": str(tools.injector), "SHOAL_FAULTS_FOLDER": str(out),
                            "SHOAL_FAULTS_COUNTERS": str(self.counters), "SHOAL_FAULTS": plan}
        if journal:
            self.environment["SHOAL_FAULTS_JOURNAL"] = str(journal)

    def _counts(self):
        return struct.unpack("<8Q", self.counters.read_bytes())

    def calls(self, call):
        return self._counts()[CALLS[call]]

    def injected(self):
        return self._counts()[6]

    def clock_looks(self):
        return self._counts()[7]


def failing(call, error, at, once):
    """The plan that makes one call fail, or all from there on."""
    return f"fail {CALLS[call]} {getattr(errno, error)} {at} {int(once)}"


def reason(error):
    return os.strerror(getattr(errno, error))
