# SPDX-License-Identifier: MIT
"""The program's commands and options, as `shoal describe-command-line` prints them."""
import json
import re
import subprocess


class Option:
    def __init__(self, data):
        self.names = data["names"]  # of a positional one: its name in the help
        self.description = data["description"]
        self.positional = data["positional"]
        self.required = data["required"]
        self.repeatable = data["repeatable"]
        self.type = data.get("type")  # none: a flag
        self.values = data.get("values", [])
        self.check = data.get("check")
        self.default = data.get("default")
        self.needs = data["needs"]
        self.excludes = data["excludes"]

    @property
    def name(self):
        return self.names[-1]

    @property
    def takes_value(self):
        return self.type is not None

    @property
    def takes_path(self):
        return self.type in ("FILE", "DIR")


class Command:
    def __init__(self, data, above=()):
        self.words = (*above, data["name"])
        self.description = data["description"].rstrip(".")
        self.examples, self.notes = _parts(data["footer"])
        options = [Option(one) for one in data["options"]]
        self.options = [one for one in options if not one.positional]
        self.positionals = [one for one in options if one.positional]
        self.commands = [Command(one, self.words) for one in data["commands"]]

    @property
    def name(self):
        return self.words[-1]

    def all(self):
        """This command and all below it."""
        yield self
        for command in self.commands:
            yield from command.all()


class Program(Command):
    def __init__(self, data):
        super().__init__(data)
        self.version = data["version"]
        codes = [line for line in self.notes if line.startswith("Exit codes:")]
        if len(codes) != 1:
            raise SystemExit("make_manual: the help of the program has no paragraph 'Exit codes:'")
        self.notes.remove(codes[0])
        self.exit_codes = sorted(re.findall(r"(\d+) ([^,]+?)(?:,|\.?$)", codes[0].removeprefix("Exit codes:")))


def _parts(footer):
    """Of the end of a help: the lines of examples, and the paragraphs around them."""
    examples, notes, paragraph = [], [], []
    for line in footer.splitlines():
        if line.startswith("  "):
            examples.append(line.strip())
        elif line != "Examples:":
            # A capitalised word with a colon opens a paragraph: "Papers: ...", "Exit codes: ...".
            if paragraph and re.match(r"[A-Z][a-z ]*: ", line):
                notes.append(" ".join(paragraph))
                paragraph = []
            paragraph.append(line)
    if paragraph:
        notes.append(" ".join(paragraph))
    return examples, notes


def command_line_of(program):
    done = subprocess.run([program, "describe-command-line"], stdout=subprocess.PIPE, text=True, check=True)
    return Program(json.loads(done.stdout))
