#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""tools/slurm without a Slurm: what submit refuses and prints, and what array.sbatch makes of signals and of the
variables that Slurm sets; scontrol is a script that writes down its arguments.

  tests/slurm/test_scripts.py --program build/bin/shoal"""
import argparse
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools/slurm"
CONFIG = "# twelve networks\n'name': 'it is'   # quoted\nnetwork: {units: 20}\nsweep: {replicate: 12}\n"
# As shoal: USR1 and TERM end it with 5 once it has begun.
PROGRAM = """#!/usr/bin/env bash
trap 'exit 5' USR1 TERM
echo "$*" > arguments
for ((i = 0; i < 400; ++i)); do sleep 0.05; done
"""
AT_ONCE = "#!/usr/bin/env bash\necho \"$*\" > arguments\nexit $STATUS\n"
BEFORE_IT_BEGINS = "#!/usr/bin/env bash\necho > arguments\nexec sleep 20\n"


def submit(program, *options):
    return subprocess.run([TOOLS / "submit", "--program", program, *options], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)


def check_submit(program):
    pathlib.Path("c.yaml").write_text(CONFIG)
    refused = [(["absent.yaml", "--tasks", "2"], "absent.yaml: there is no such file"),
               (["c.yaml", "--tasks", "0"], "--tasks 0"),
               (["c.yaml", "--tasks", "13"], "only 12 networks"),
               (["c.yaml"], "--tasks"),
               (["c.yaml", "--tasks", "4", "--only", "3,4"], "'4' is not within 0 to 3"),
               (["c.yaml", "--tasks", "4", "--only", "2-1"], "'2-1' is not within"),
               (["c.yaml", "--tasks", "4", "--only", "1,"], "--only 1,"),
               (["c.yaml", "--tasks", "4", "--time", "soon"], "--time soon"),
               (["c.yaml", "--tasks", "4", "--set", "network.units"], "--set network.units"),
               (["c.yaml", "--tasks", "4", "--set", "network.unitz=3"], "unknown key"),
               (["c.yaml", "--tasks", "4", "--stage", "stats"], "stats"),
               (["c.yaml", "--tasks", "4", "--shoal=--out x"], "--out"),
               (["c.yaml", "--tasks", "4", "--shoal='"], "--shoal '"),
               (["c.yaml", "--tasks", "4", "--", "--array=1"], "--array=1")]
    for options, message in refused:
        outcome = submit(program, "--print", *options)
        assert outcome.returncode == 2 and message in outcome.stderr, f"{options}: {outcome}"
        assert "sbatch --parsable" not in outcome.stdout, outcome.stdout
    assert submit("/absent/shoal", "--print", "c.yaml", "--tasks", "2").returncode == 2

    outcome = submit(program, "c.yaml", "--tasks", "12", "--only", "3,7-9", "--time", "1-12", "--partition", "long",
                     "--set", "network.gain=1.5", "--stage", "train", "--shoal=--backend cpu", "--print",
                     "--", "--gres=gpu:1")
    assert outcome.returncode == 0, outcome
    assert outcome.stdout == (
        "sbatch --parsable --array=3,7-9 '--job-name=it is' '--output=runs/it is.logs/shard-%a-of-12.log' --time=1-12 "
        f"--partition=long --gres=gpu:1 {TOOLS}/array.sbatch 12 {program} train c.yaml --set network.gain=1.5 "
        "--backend cpu\n"), outcome.stdout
    assert not pathlib.Path("runs").exists(), "--print made something"


def start_task(text, **variables):
    """A task of an array with `text` for the program."""
    for path in ("arguments", "requeued"):
        pathlib.Path(path).unlink(missing_ok=True)
    for path, script in (("program", text), ("scontrol", '#!/usr/bin/env bash\necho "$*" > requeued\n')):
        pathlib.Path(path).write_text(script)
        pathlib.Path(path).chmod(0o755)
    environment = {"PATH": f"{pathlib.Path.cwd()}:{os.environ['PATH']}", "SLURM_ARRAY_JOB_ID": "40",
                   "SLURM_ARRAY_TASK_ID": "3", "SLURM_CPUS_ON_NODE": "6", **variables}
    return subprocess.Popen([TOOLS / "array.sbatch", "8", "./program", "run", "c.yaml"], env=environment,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def end_of(task, *signals):
    """The task's status, and what it asked scontrol for."""
    end = time.monotonic() + 20
    while not pathlib.Path("arguments").exists():
        assert time.monotonic() < end, "the program was not started"
        time.sleep(0.02)
    for number in signals:
        task.send_signal(number)
        time.sleep(0.1)
    output = task.communicate(timeout=30)[0]
    requeued = pathlib.Path("requeued")
    return task.returncode, requeued.read_text().strip() if requeued.exists() else None, output


def check_signals():
    again = "requeue 40_3"
    for signals, expected in (([signal.SIGUSR1], again), ([signal.SIGTERM], None),
                              ([signal.SIGUSR1, signal.SIGUSR1], again)):
        status, requeued, output = end_of(start_task(PROGRAM), *signals)
        assert (status, requeued) == (5, expected), f"{signals}: {status}, {requeued}\n{output}"
    # A cancelled task stays cancelled, even if its limit was near.
    stubborn = PROGRAM.replace("exit 5' USR1", "sleep 0.5; exit 5' USR1")
    status, requeued, output = end_of(start_task(stubborn), signal.SIGUSR1, signal.SIGTERM)
    assert (status, requeued) == (5, None), output
    status, requeued, output = end_of(start_task(BEFORE_IT_BEGINS), signal.SIGUSR1)
    assert (status, requeued) == (128 + signal.SIGUSR1, again), output


def check_statuses():
    """They pass through; a checkpoint that was not asked for by the limit (--max-hours) does not requeue."""
    for status in (0, 1, 2, 3, 4, 5, 137):
        found, requeued, output = end_of(start_task(AT_ONCE, STATUS=str(status)))
        assert (found, requeued) == (status, None), output


def check_resources():
    for variables, expected in (({}, "--threads 6"),
                                ({"SLURM_CPUS_PER_TASK": "4"}, "--threads 4"),
                                ({"SLURM_MEM_PER_NODE": "1000"}, "--threads 6 --max-memory 800MiB"),
                                ({"SLURM_MEM_PER_CPU": "1000"}, "--threads 6 --max-memory 4800MiB"),
                                ({"SLURM_MEM_PER_NODE": "0"}, "--threads 6"),
                                ({"SLURM_MEM_PER_NODE": "1000", "SLURM_JOB_GPUS": "0"}, "--threads 6")):
        end_of(start_task(AT_ONCE, STATUS="0", **variables))
        found = pathlib.Path("arguments").read_text().strip()
        assert found == f"run c.yaml --shard 3/8 --resume {expected}", f"{variables}: {found}"
    alone = subprocess.run([TOOLS / "array.sbatch", "8", "./program", "run", "c.yaml"], stderr=subprocess.PIPE, text=True,
                           env={"PATH": os.environ["PATH"]})
    assert alone.returncode == 2 and "submit as an array" in alone.stderr, alone


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, required=True, help="the program shoal")
    program = parser.parse_args().program.resolve()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        check_submit(program)
        check_signals()
        check_statuses()
        check_resources()
        os.chdir("/")
    print("tools/slurm/submit and array.sbatch do as they say")


if __name__ == "__main__":
    sys.exit(main())
