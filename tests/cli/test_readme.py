#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs what README.md shows: its marked blocks, in order, in one temporary folder.

`<!-- test: file NAME -->` before a fenced block saves it as NAME, `<!-- test: run -->` runs it (sh or python).
Also: every relative link leads somewhere, and every command of shoal is in the table of commands.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGES = ("README.md", "PAPERS.md", "host/README.md", "cuda/README.md", "configs/data/README.md",
         "tools/slurm/README.md")
BLOCK = re.compile(r"^<!-- test: (run|file (?P<name>\S+)) -->\n```(?P<language>\w+)\n(?P<text>.*?)^```$",
                   re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+)")
INTERPRETERS = {"sh": ["bash", "-euo", "pipefail", "-c"], "python": ["/usr/bin/python3", "-c"]}


def broken_links():
    for page in PAGES:
        path = ROOT / page
        for target in LINK.findall(path.read_text(encoding="utf-8")):
            if "://" not in target and not (path.parent / target).exists():
                yield f"{page}: link to {target}, which is not there"


def missing_commands(program, text):
    """Subcommands that the program's help lists and the README's table does not."""
    help_text = subprocess.run([program, "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
    commands = re.findall(r"^  ([a-z-]+)\s", help_text.split("Subcommands:")[1].split("\n\n")[0], re.MULTILINE)
    if "run" not in commands:
        yield "shoal --help lists no subcommand 'run': this test cannot read it any more"
    for command in commands:
        if not re.search(rf"^\|.*`{command}[ `]", text, re.MULTILINE):
            yield f"README.md: the table of commands lacks '{command}'"


def failed_blocks(program, text):
    blocks = list(BLOCK.finditer(text))
    if len(blocks) != text.count("<!-- test:"):
        yield "README.md: a '<!-- test:' mark is not followed by a fenced block"
    with tempfile.TemporaryDirectory() as folder:
        binaries = pathlib.Path(folder) / "build" / "bin"
        binaries.mkdir(parents=True)
        (binaries / "shoal").symlink_to(pathlib.Path(program).resolve())
        for name in ("configs", "tools"):
            (pathlib.Path(folder) / name).symlink_to(ROOT / name)
        for block in blocks:
            if block["name"]:
                (pathlib.Path(folder) / block["name"]).write_text(block["text"], encoding="utf-8")
                continue
            done = subprocess.run([*INTERPRETERS[block["language"]], block["text"]], cwd=folder, text=True,
                                  env={**os.environ, "PYTHONPATH": "tools/python"},
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  check=False)
            if done.returncode != 0:
                yield f"README.md: this block ended with {done.returncode}:\n{block['text']}\n{done.stdout}"
                return


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True)
    program = parser.parse_args().program
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    problems = [*broken_links(), *missing_commands(program, text), *failed_blocks(program, text)]
    print("\n".join(problems))
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
