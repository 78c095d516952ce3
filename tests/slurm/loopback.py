# SPDX-License-Identifier: MIT
"""A real Slurm on this machine alone: munged, slurmctld and several slurmd in one temporary folder."""
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import time

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol", "scancel")

# A node is lost after 15 seconds without an answer, and a task that is requeued waits for the old
# credential to expire: 5 seconds here, 120 by default. The scheduler looks every second.
CONFIGURATION = """\
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1
SlurmdTimeout=15
KillWait=10
ReturnToService=2
{nodes}
PartitionName=short Nodes=ALL Default=YES MaxTime=30 State=UP
PartitionName=long Nodes=ALL MaxTime=120 State=UP
"""


def wait_until(what, condition, seconds):
    """What `condition` answers, as soon as that is true; an error that says what was waited for if it never is."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s in vain: {what}")


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [open_socket.getsockname()[1] for open_socket in sockets]
    for open_socket in sockets:
        open_socket.close()
    return ports


class Cluster:
    """Nodes of one processor each. Every process that it starts, and every job, has SLURM_CONF in its environment,
    which names this cluster's own folder: by that they are found again."""

    def __init__(self, folder, nodes):
        self.folder = pathlib.Path(folder)
        self.nodes = nodes
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith(("SLURM_", "SBATCH_"))}
        self.environment["SLURM_CONF"] = str(self.folder / "slurm.conf")
        self.daemons = {}

    def start(self):
        host = socket.gethostname().split(".")[0]
        controller_port, *ports = free_ports(1 + len(self.nodes))
        self.folder.chmod(0o755)
        for name in ("munge", "state", *self.nodes):
            (self.folder / name).mkdir(mode=0o755)
        (self.folder / "slurm.conf").write_text(CONFIGURATION.format(
            folder=self.folder, host=host, controller_port=controller_port,
            nodes="\n".join(f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=1 RealMemory=400"
                            for node, port in zip(self.nodes, ports))))
        munge = self.folder / "munge"
        (munge / "key").touch(mode=0o600)
        (munge / "key").write_bytes(secrets.token_bytes(1024))
        # --force: a folder under /tmp, which everyone may write to, is no place for a real key.
        self.start_daemon("munged", "munged", "--foreground", "--force", "--key-file", munge / "key", "--socket",
                          munge / "socket", "--pid-file", munge / "pid", "--seed-file", munge / "seed",
                          "--log-file", munge / "log")
        wait_until("the socket of munged", (munge / "socket").exists, 20)
        self.start_daemon("slurmctld", "slurmctld", "-D")
        for node in self.nodes:
            self.start_node(node)
        wait_until("all nodes idle", lambda: all(self.node_state(node) == "IDLE" for node in self.nodes), 60)

    def start_daemon(self, name, *command):
        with open(self.folder / f"{name}.output", "ab") as output:
            self.daemons[name] = subprocess.Popen([str(word) for word in command], env=self.environment,
                                                  stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                                  start_new_session=True)

    def start_node(self, node):
        self.start_daemon(node, "slurmd", "-D", "-N", node)

    def kill_node(self, node, jobs):
        """As if its power was cut: nothing of it says goodbye. `jobs`: processes there, from the shell up."""
        self.daemons[node].kill()
        self.daemons.pop(node).wait()
        for process in jobs:
            os.kill(process, signal.SIGKILL)

    def call(self, *command, folder=None):
        """Runs a command against this cluster; what it printed. It must succeed."""
        outcome = subprocess.run([str(word) for word in command], env=self.environment, cwd=folder,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        assert outcome.returncode == 0, f"{' '.join(map(str, command))}: {outcome.stdout}"
        return outcome.stdout

    def show(self, kind, name):
        """`scontrol show`, by the names of its fields."""
        outcome = subprocess.run(["scontrol", "--oneliner", "show", kind, name], env=self.environment,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=60)
        return dict(field.split("=", 1) for field in outcome.stdout.split() if "=" in field)

    def node_state(self, node):
        return self.show("node", node).get("State", "")

    def processes(self):
        """Environments of this cluster's daemons and jobs, by process."""
        mine = f"SLURM_CONF={self.environment['SLURM_CONF']}".encode()
        found = {}
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                variables = (folder / "environ").read_bytes().split(b"\0")
            except OSError:
                continue  # it has ended
            if mine in variables:
                found[int(folder.name)] = dict(variable.decode(errors="replace").split("=", 1)
                                               for variable in variables if b"=" in variable)
        return found

    def stop(self):
        """Ends everything, also jobs that are stopped and what outlived its daemon."""
        for daemon in reversed(list(self.daemons.values())):
            daemon.terminate()
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        end = time.monotonic() + 20
        while left := self.processes():
            assert time.monotonic() < end, f"these processes do not end: {sorted(left)}"
            for process in left:
                try:
                    os.kill(process, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.05)
