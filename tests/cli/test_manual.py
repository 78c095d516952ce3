#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Manual pages and completions hold every command and option of the help, and the shells complete by them.

What needs a shell or a formatter that is not installed says so.
"""
import argparse
import gzip
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
# What stands before the tab, and what is offered.
COMPLETIONS = (
    ("shoal ru", {"run"}),
    ("shoal run --ba", {"--backend"}),
    ("shoal run --backend ", {"auto", "cpu", "cuda", "reference"}),
    ("shoal reproduce ", {"ghazizadeh2021", "park2023"}),
    ("shoal bench f", {"force", "fixed-points"}),
    ("shoal bench bptt --precision ", {"fp32", "fp64", "tf32", "bf16"}),
    ("shoal run configs/quick", {"configs/quickstart.yaml"}),
)


def output(command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=SOURCE, **more).stdout


def commands(program, above=()):
    """(words, long options) of every command, as its help shows them."""
    text = output([program, *above, "--help"])
    yield above, re.findall(r"^  (?:-\w,)?(--[\w-]+)", text, re.MULTILINE)
    listed = re.search(r"^Subcommands:\n((?:  .*\n)+)", text, re.MULTILINE)
    for name in re.findall(r"^  ([a-z][\w-]*)", listed[1], re.MULTILINE) if listed else ():
        yield from commands(program, (*above, name))


def check_up_to_date(program, manual):
    """What the build made, and what the program would give now."""
    with tempfile.TemporaryDirectory() as folder:
        output([SOURCE / "tools/manual/make_manual", "--program", program, "--out", folder])
        files = [file for file in pathlib.Path(folder).rglob("*") if file.is_file()]
        made = {file.relative_to(folder): file.read_bytes() for file in files}
    for name, content in made.items():
        if (manual / name).read_bytes() != content:
            yield f"{manual / name} is not what the program gives now"
    old = {file.relative_to(manual) for file in manual.rglob("*.1.gz")} - set(made)
    if old:
        yield f"pages of commands that are not there: {old}"


def check_complete(program, manual):
    shells = {name: (manual / name).read_text() for name in ("shoal.bash", "_shoal", "shoal.fish")}
    count = 0
    for words, options in commands(program):
        page = manual / "man1" / ("-".join(("shoal", *words)) + ".1.gz")
        if not page.exists():
            yield f"no page {page}"
            continue
        count += 1
        text = re.sub(r"\\f[BIR]", "", gzip.decompress(page.read_bytes()).decode()).replace("\\-", "-")
        places = {
            page.name: text,
            "shoal.bash": re.search(rf'^ *"{" ".join(("shoal", *words))}"\) echo "(--.*)"', shells["shoal.bash"],
                                    re.MULTILINE)[1],
            "_shoal": re.search(rf"^{'_'.join(('_shoal', *words)).replace('-', '_')}\(\) \{{\n(.*?)^\}}",
                                shells["_shoal"], re.MULTILINE | re.DOTALL)[1],
        }
        for option in options:
            for place, content in places.items():
                if not re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", content):
                    yield f"{' '.join(words)} {option} is not in {place}"
            if f"-l {option[2:]} " not in shells["shoal.fish"]:
                yield f"{option} is not in shoal.fish"
    if count < 10:
        yield f"only {count} commands: the help is read in a wrong way"


def offered(shell, manual, line):
    if shell == "bash":
        words = shlex.split(line) + ([""] if line.endswith(" ") else [])
        script = f"source tests/package/complete.bash; complete_words {shlex.join(words)}"
        text = output(["bash", "-c", script], env={**os.environ, "SHOAL_COMPLETION": str(manual / "shoal.bash")})
    else:
        script = f"source {shlex.quote(str(manual / 'shoal.fish'))}; complete --do-complete {shlex.quote(line)}"
        text = output(["fish", "--no-config", "-c", script])
    return {one.split("\t")[0] for one in text.splitlines() if one}


def check_shells(manual):
    for shell, file in (("bash", "shoal.bash"), ("zsh", "_shoal"), ("fish", "shoal.fish")):
        if not shutil.which(shell):
            print(f"no {shell} here: {file} is not tried")
            continue
        output([shell, "-n", manual / file])
        for line, wanted in COMPLETIONS if shell != "zsh" else ():
            found = offered(shell, manual, line)
            if found != wanted:
                yield f"{shell} offers {found} after '{line}', not {wanted}"


def check_pages(manual):
    for page in sorted((manual / "man1").iterdir()):
        if shutil.which("man"):
            done = subprocess.run(["man", "--warnings", "--local-file", page], capture_output=True, text=True,
                                  env={**os.environ, "LC_ALL": "C.UTF-8"}, check=False)
            if done.returncode != 0 or done.stderr:
                yield f"man {page.name}: {done.stderr}"
        if shutil.which("mandoc"):
            done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning"], input=gzip.decompress(page.read_bytes()),
                                  stdout=subprocess.PIPE, check=False)
            # The pages have no date, so that they are the same on every day.
            told = [line for line in done.stdout.decode().splitlines() if "missing date" not in line]
            if told:
                yield f"mandoc {page.name}: {told}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--manual", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    problems = [*check_up_to_date(arguments.program, arguments.manual),
                *check_complete(arguments.program, arguments.manual), *check_shells(arguments.manual),
                *check_pages(arguments.manual)]
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
