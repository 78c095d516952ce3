#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""shoal on a real Slurm of three nodes on this machine: tasks are killed, stopped at their limit, cancelled, a node
fails and another is drained; what comes out has the same bits as the same configuration in one piece.

  tests/slurm/test_slurm.py --program build/bin/shoal

Needs root (slurmd does) and Debian's slurm-wlm and munge; without them it says so and exits with 77."""
import argparse
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import h5py
import numpy

from loopback import PROGRAMS, Cluster, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77
LONGEST = 600  # seconds for everything
SHARDS = 6
CONFIG = ROOT / "tests/support/small.yaml"
# Twelve networks of 20 units, a few seconds for the two of a shard.
SETTINGS = ("--set", "name=cluster", "--set", "network.units=20", "--set", "training.trials=100000")
START = time.monotonic()


def say(text):
    print(f"{time.monotonic() - START:6.1f} s  {text}", flush=True)


class Array:
    """What one call of tools/slurm/submit started, and the shards of the run."""

    def __init__(self, cluster, folder, program, *options):
        self.cluster = cluster
        self.folder = folder
        printed = cluster.call(ROOT / "tools/slurm/submit", CONFIG, *SETTINGS, "--tasks", SHARDS, "--program", program,
                               "--shoal=--checkpoint-seconds 0.1", *options, folder=folder)
        self.job = re.search(r"^job (\d+); next:$", printed, re.MULTILINE).group(1)
        say(f"job {self.job}: submit {' '.join(map(str, options))}")

    def show(self, shard):
        return self.cluster.show("job", f"{self.job}_{shard}")

    def log(self, shard):
        path = self.folder / f"runs/cluster.logs/shard-{shard}-of-{SHARDS}.log"
        return path.read_text() if path.exists() else ""

    def wait_for_log(self, shard, text, seconds):
        wait_until(f"'{text}' in the log of shard {shard}", lambda: text in self.log(shard), seconds)

    def wait_for_end(self, shard, state, exit_code, seconds=120):
        """Until the task is in this state for good; its exit code and how often Slurm restarted it."""
        job = wait_until(f"task {self.job}_{shard} in state {state}",
                         lambda: (found := self.show(shard)).get("JobState") == state and found, seconds)
        assert exit_code in (None, job["ExitCode"]), f"task {self.job}_{shard}: exit code {job['ExitCode']}, not {exit_code}"
        return int(job["Restarts"])

    def shoal_of(self, shard):
        """The process of a task that trains: it is the one that runs the program."""
        for process, variables in self.cluster.processes().items():
            if (variables.get("SLURM_ARRAY_JOB_ID"), variables.get("SLURM_ARRAY_TASK_ID")) == (self.job, str(shard)):
                try:
                    if os.readlink(f"/proc/{process}/exe").endswith("/shoal"):
                        return process
                except OSError:
                    continue  # it has ended
        return None

    def hold(self, shard):
        """Stops a task's program in the midst of training, a few checkpoints old, so that it cannot end before it is
        interrupted. Returns its process."""
        run = self.folder / f"runs/cluster.shard-{shard}-of-{SHARDS}"
        process = wait_until(f"task {self.job}_{shard} training, with checkpoints", lambda: self.shoal_of(shard)
                             if any(int(file.stem.split("-")[1]) >= 3 for file in run.glob("checkpoint/active-*.bin"))
                             else None, 90)
        os.kill(process, signal.SIGSTOP)
        assert not (run / "population.h5").exists(), f"shard {shard} was trained before it was held"
        return process

    def starts(self, shard):
        """Of each start of a shard, by all jobs: its node and the share in percent that it first reported."""
        found = []
        for start in self.log(shard).split("array.sbatch: ")[1:]:
            if node := re.search(r" on (\S+), start \d+: ", start):
                share = re.search(r" training \d+/\d+ +(\d+) %", start)
                found.append((node.group(1), int(share.group(1)) if share else None))
        return found


def parent_of(process):
    return int(re.search(r"^PPid:\s*(\d+)", pathlib.Path(f"/proc/{process}/status").read_text(), re.MULTILINE).group(1))


def fail_node(cluster, array, shard, process):
    """A node's power is cut while a task trains on it: shoal, the script, slurmstepd and slurmd are gone."""
    node = array.show(shard)["NodeList"]
    script = parent_of(process)
    cluster.kill_node(node, [parent_of(script), script, process])
    say(f"shard {shard}: its node {node} has failed")
    return node


def interrupt(cluster, folder, program):
    """Everything that goes wrong. When it returns, every shard has ended well."""
    def submit(*options, sbatch=()):
        return Array(cluster, folder, program, *options, "--", "--mem=200M", *sbatch)

    first = submit("--only", "0-3", "--time", 10)
    held = {shard: first.hold(shard) for shard in (0, 1, 2)}
    assert "--threads 1 --max-memory 160MiB" in first.log(0), first.log(0)

    drained = first.show(2)["NodeList"]
    cluster.call("scontrol", "update", f"nodename={drained}", "state=drain", "reason=test")
    say(f"shard 2: its node {drained} is drained; it goes on there, and nothing else starts there")
    failed = fail_node(cluster, first, 0, held[0])
    cluster.call("scancel", "--signal=USR1", "--batch", f"{first.job}_1")
    first.wait_for_log(1, "USR1 received", 30)
    os.kill(held[1], signal.SIGCONT)
    os.kill(held[2], signal.SIGCONT)
    first.wait_for_log(1, "a checkpoint was written", 60)
    first.wait_for_log(1, "requeueing", 30)
    say("shard 1: USR1; a checkpoint, then requeued by itself")

    os.kill(first.hold(3), signal.SIGKILL)
    first.wait_for_end(3, "FAILED", "137:0")
    say("shard 3: shoal was killed; the task failed with its status, 137")
    again = submit("--only", "3", "--time", 20, "--partition", "long")

    assert first.wait_for_end(2, "COMPLETED", "0:0") == 0, "shard 2 was restarted by Slurm"
    wait_until(f"node {failed} down", lambda: cluster.node_state(failed).startswith("DOWN"), 90)
    cluster.start_node(failed)
    say(f"shard 0: node {failed} was found down, and is back")

    # A limit that comes: Slurm warns between 75 and 135 seconds ahead of two minutes.
    second = submit("--only", "4,5", "--time", 2, "--partition", "long", sbatch=["--signal=B:USR1@75"])
    at_limit = second.hold(4)
    second.hold(5)
    cluster.call("scancel", f"{second.job}_5")
    second.wait_for_log(5, "TERM received", 30)
    second.wait_for_log(5, "ends with 5", 60)
    second.wait_for_end(5, "CANCELLED", None)
    say("shard 5: cancelled; a checkpoint, not requeued")
    last = submit("--only", "5", "--time", 30)
    second.wait_for_log(4, "USR1 received", 120)
    os.kill(at_limit, signal.SIGCONT)
    second.wait_for_log(4, "requeueing", 60)
    say("shard 4: warned by Slurm ahead of its limit; a checkpoint, then requeued by itself")

    ending = ((first, 0), (first, 1), (again, 3), (second, 4), (last, 5))
    limits = [array.show(shard)["TimeLimit"] + " " + array.show(shard)["Partition"] for array, shard in ending]
    assert limits == ["00:10:00 short"] * 2 + ["00:20:00 long", "00:02:00 long", "00:30:00 short"], limits
    restarts = {shard: array.wait_for_end(shard, "COMPLETED", "0:0") for array, shard in ending}
    assert min(restarts[0], restarts[1], restarts[4]) >= 1, f"restarts by Slurm, by shard: {restarts}"
    state = cluster.node_state(drained)
    assert "DRAIN" in state, f"{drained} is {state}"
    cluster.call("scontrol", "update", f"nodename={drained}", "state=resume")

    starts = {shard: first.starts(shard) for shard in range(SHARDS)}
    say(f"restarts by Slurm, by shard: {restarts}; node and first reported percent of each start: {starts}")
    assert starts[2] == [(drained, 0)], starts
    for shard in (0, 1, 3, 4, 5):
        assert len(starts[shard]) >= 2 and starts[shard][0][1] == 0, f"shard {shard}: {starts[shard]}"
        for node, share in starts[shard][1:]:
            assert share, f"shard {shard} started again instead of going on: {starts[shard]}"
            assert node != drained, f"shard {shard} was started on {node}, which was drained"


def networks_of(path):
    """Everything that a file of results says of each network, by uid and dataset. What networks share (base matrices)
    and what lies in ragged arrays (points) is looked up."""
    networks = {}
    with h5py.File(path) as file:
        for group in (member for member in file.values() if "uid" in member):
            uids = group["uid"].asstr()[:]
            own = [name for name, values in group.items() if isinstance(values, h5py.Dataset)
                   and any(scale.name == group["network"].name for scale in values.dims[0].values())]
            ragged = [member for member in group.values() if isinstance(member, h5py.Group) and "network" in member]
            for i, uid in enumerate(uids):
                network = {name: group[name][i] for name in own if name != "base_index"}
                if "base" in group:
                    network["base"] = group["base"][group["base_index"][i]]
                for member in ragged:
                    rows = member["network"][:] == i
                    network.update({values.name: values[:][rows] for name, values in member.items()
                                    if name not in ("network", "point", "part")})
                networks[uid] = network
    return networks


def bits(values):
    """Of numbers their bytes, so that NaN is equal to itself; of strings, which h5py keeps as objects, the strings."""
    array = numpy.asarray(values)
    return array.tolist() if array.dtype == object else array.tobytes()


def expect_same_networks(whole, shards):
    expected = networks_of(whole)
    found = {}
    for shard in shards:
        found.update(networks_of(shard))
    assert found.keys() == expected.keys() and expected, f"{sorted(found)} are not the networks of {whole}"
    count = 0
    for uid, network in expected.items():
        assert found[uid].keys() == network.keys(), f"{uid}: {sorted(found[uid])} instead of {sorted(network)}"
        for name, values in network.items():
            count += 1
            assert bits(values) == bits(found[uid][name]), f"{whole.name}, network {uid}: {name} differs"
    say(f"{whole.name}: {len(expected)} networks, {count} datasets of networks, all equal")


def expect_the_whole(cluster, folder, program):
    """All shards together are the run in one piece."""
    shards = sorted(folder.glob(f"runs/cluster.shard-*-of-{SHARDS}"))
    assert len(shards) == SHARDS, shards
    for command in ("stats", "report"):
        cluster.call(program, command, *(shard.relative_to(folder) for shard in shards), folder=folder)
    whole, merged = folder / "runs/whole", folder / "runs/cluster.merged"
    assert (merged / "report/index.html").exists()
    expected = (whole / "population.csv").read_bytes()
    assert (merged / "population.csv").read_bytes() == expected, "population.csv of the shards is not that of the whole"
    say(f"population.csv: {len(expected)} bytes, those of the run in one piece")
    for file in ("population.h5", "analysis.h5"):
        expect_same_networks(whole / file, [shard / file for shard in shards])


def show_logs(cluster, folder):
    for path in sorted(folder.glob("runs/*.logs/*")) + [cluster.folder / "slurmctld.log"]:
        if path.exists():
            print(f"--- {path.name}")
            print("\n".join(path.read_text(errors="replace").splitlines()[-40:]))


def run(program):
    with tempfile.TemporaryDirectory(prefix="shoal-slurm-") as temporary:
        folder = pathlib.Path(temporary)
        (folder / "slurm").mkdir()
        cluster = Cluster(folder / "slurm", ["n0", "n1", "n2"])
        try:
            command = [program, "run", CONFIG, *SETTINGS, "--out", "runs/whole", "--threads", "1", "--quiet"]
            whole = subprocess.Popen(command, cwd=folder, env=cluster.environment, stdout=subprocess.DEVNULL)
            cluster.start()
            say(f"{cluster.call('sbatch', '--version').strip()}, three nodes")
            interrupt(cluster, folder, program)
            assert whole.wait() == 0, "the run in one piece failed"
            expect_the_whole(cluster, folder, program)
        except BaseException:
            show_logs(cluster, folder)
            raise
        finally:
            cluster.stop()


def leave(number, _):
    if number == signal.SIGALRM:
        raise AssertionError(f"not done after {LONGEST} s")
    sys.exit(128 + number)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, required=True, help="the program shoal")
    program = parser.parse_args().program.resolve()
    if os.geteuid() != 0:
        print("skipped: slurmd needs root")
        return SKIPPED
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    if missing:
        print(f"skipped: no {', '.join(missing)} here; Debian: apt-get install slurm-wlm munge")
        return SKIPPED
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, leave)
    signal.alarm(LONGEST)
    try:
        run(program)
    except AssertionError as failure:
        print(f"FAILED: {failure}")
        return 1
    say("all as it should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
