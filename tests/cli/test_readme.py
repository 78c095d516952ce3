#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs what the pages show: their marked blocks, page after page, in one temporary folder.

`<!-- test: file NAME -->` before a fenced block saves it as NAME, `<!-- test: run -->` runs it (sh or python). Later
pages may use the runs of README.md, which comes first. Also: every command of shoal is in its table of commands.
(Links are tests/docs/test_docs.py's.)
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BLOCK = re.compile(r"^<!-- test: (run|file (?P<name>\S+)) -->\n```(?P<language>\w+)\n(?P<text>.*?)^```$",
                   re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`[^`\n]*`")  # a mark in inline code is spoken of, not used
INTERPRETERS = {"sh": ["bash", "-euo", "pipefail", "-c"], "python": ["/usr/bin/python3", "-c"]}


def pages():
    """README.md, then every other page that has marked blocks, in the order of their names."""
    folders = ("", "configs", "cuda", "host", "tests", "tools")
    others = {path for folder in folders for path in (ROOT / folder).glob("**/*.md" if folder else "*.md")}
    others.discard(ROOT / "README.md")
    marked = (path for path in sorted(others) if "<!-- test:" in INLINE.sub("", path.read_text(encoding="utf-8")))
    return [ROOT / "README.md", *marked]


def missing_commands(program, text):
    """Subcommands that the program's help lists and the README's table does not."""
    help_text = subprocess.run([program, "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
    commands = re.findall(r"^  ([a-z-]+)\s", help_text.split("Subcommands:")[1].split("\n\n")[0], re.MULTILINE)
    if "run" not in commands:
        yield "shoal --help lists no subcommand 'run': this test cannot read it any more"
    for command in commands:
        if not re.search(rf"^\|.*`{command}[ `]", text, re.MULTILINE):
            yield f"README.md: the table of commands lacks '{command}'"


def blocks_of(page):
    """The marked blocks of a page, each with the page's name; an error where a mark has no block."""
    name = page.relative_to(ROOT)
    text = page.read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(text))
    if len(blocks) != INLINE.sub("", text).count("<!-- test:"):
        sys.exit(f"{name}: a '<!-- test:' mark is not followed by a fenced block")
    return [(name, block) for block in blocks]


def failed_blocks(program):
    with tempfile.TemporaryDirectory() as folder:
        binaries = pathlib.Path(folder) / "build" / "bin"
        binaries.mkdir(parents=True)
        (binaries / "shoal").symlink_to(pathlib.Path(program).resolve())
        for name in ("configs", "tools"):
            (pathlib.Path(folder) / name).symlink_to(ROOT / name)
        for page, block in (pair for page in pages() for pair in blocks_of(page)):
            if block["name"]:
                (pathlib.Path(folder) / block["name"]).write_text(block["text"], encoding="utf-8")
                continue
            done = subprocess.run([*INTERPRETERS[block["language"]], block["text"]], cwd=folder, text=True,
                                  env={**os.environ, "PYTHONPATH": "tools/python"},
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  check=False)
            if done.returncode != 0:
                yield f"{page}: this block ended with {done.returncode}:\n{block['text']}\n{done.stdout}"
                return


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True)
    program = parser.parse_args().program
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    problems = [*missing_commands(program, text), *failed_blocks(program)]
    print("\n".join(problems))
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
