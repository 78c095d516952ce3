#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds the pages to the tree: what they say of folders, files, sections and each other is so.

  test_docs.py [ROOT]     default: the tree that this file stands in; needs git there, and says so with exit code 77
"""
import collections
import pathlib
import posixpath
import re
import subprocess
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
ROOT = ROOT if ROOT.is_dir() else ROOT.parent.parent.parent

MATHEMATICS = "host/MATHEMATICS.md"
MAP = "host/README.md"
MAPPED = ("host/", "cuda/", "tests/", "tools/")
# Texts in which A.5 is a citation: sources, scripts and pages, and no results, data or inputs of fuzz targets.
CITING = {".hpp", ".cpp", ".cuh", ".cu", ".cmake", ".in", ".md", ".py", ".js", ".sh", ".yaml", ""}
NOT_CITING = ("tests/fuzz/corpus/", "tests/docs/", "tools/bench/results/", "LICENSE")

FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
SECTION = re.compile(r"\b[A-D]\.\d+\b")
PAGE_AND_SECTION = re.compile(r"([\w./-]*\w\.md)\)?, (?:part (?=[A-D]\b))?([A-D]\.\d+|(?<=part )[A-D])\b")
PAGE_AND_TITLE = re.compile(r"([\w./-]*\w\.md)\)?, \"([^\"]+)\"")
NAMED_PAGE = re.compile(r"[\w./-]*\w\.md\b")
INCLUDE = re.compile(r"^#include \"([^\"]+)\"", re.MULTILINE)
NAMED_FILE = re.compile(r"`([\w./-]+/[\w.-]+\.\w+)`")


def tracked():
    try:
        done = subprocess.run(["git", "-C", ROOT, "ls-files"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True, check=False)
    except FileNotFoundError:
        done = None
    if done is None or done.returncode != 0:
        print("test_docs: skipped: git does not know this tree")
        sys.exit(77)
    return [name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def flowing(text):
    """A text with its comments' line breaks taken out, so that a citation may stand on two lines."""
    return re.sub(r"\s*\n[ \t]*(?:///?<?|#+|\*)?[ \t]*", " ", text)


def headings(name):
    return HEADING.findall(FENCE.sub("", text_of(name)))


def part(name, title):
    """What stands under a heading of the second level."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text_of(name), re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def check_map(files):
    """The map of host/README.md names the folders that have files, each once; `x/*/` stands for all folders in x."""
    named = re.findall(r"^\| `([^`]+/)` \|", part(MAP, "The folders"), re.MULTILINE)
    if not named:
        yield f"{MAP}: there is no map under 'The folders'"
    for name, count in collections.Counter(named).items():
        if count > 1:
            yield f"{MAP}: the map names {name} {count} times"
    folders = {name.rpartition("/")[0] + "/" for name in files if name.startswith(MAPPED)}
    stars = [name[:-2] for name in named if name.endswith("/*/")]
    plain = {name for name in named if not name.endswith("/*/")}
    for folder in sorted(folders - plain):
        if not any(folder.startswith(star) and folder != star for star in stars):
            yield f"{MAP}: the map lacks {folder}"
    for name in sorted(plain - folders):
        yield f"{MAP}: the map names {name}, where no file is"
    for star in stars:
        if not any(folder.startswith(star) and folder != star for folder in folders):
            yield f"{MAP}: the map names {star}*/, where no folder is"


def check_order(files):
    """What the map says below itself: a folder of host/ includes headers of its own, of folders inside it and of
    those above it in the map."""
    order = re.findall(r"^\| `(host/[^`]+/)` \|", part(MAP, "The folders"), re.MULTILINE)
    for name in files:
        folder = name.rpartition("/")[0] + "/"
        if folder not in order or not name.endswith((".hpp", ".cpp")):
            continue
        for header in INCLUDE.findall(text_of(name)):
            other = "host/" + header.rpartition("/")[0] + "/"
            if other in order and order.index(other) > order.index(folder) and not other.startswith(folder):
                yield f"{name} includes {header}, which stands below it in the map of {MAP}"


def sections():
    """Names of the sections of the mathematics, A, A.1, A.2, ..., in order."""
    return [found[1] for found in (re.match(r"([A-Z](?:\.\d+)?)\.? ", title) for title in headings(MATHEMATICS))
            if found]


def check_numbers():
    """A.1, A.2, ... B, B.1, ... : no number is left out, and none stands twice."""
    expected = ("A",)
    for name in sections():
        if name not in expected:
            yield f"{MATHEMATICS}: section {name} stands where {' or '.join(expected)} should"
        letter, _, number = name.partition(".")
        expected = (f"{letter}.{int(number or 0) + 1}", chr(ord(letter) + 1))


def check_contents():
    """The mathematics lists all its sections at the top, in order."""
    listed = re.findall(r"^ *- \[([A-D](?:\.\d+)?)\.? ", text_of(MATHEMATICS), re.MULTILINE)
    if listed != sections():
        yield f"{MATHEMATICS}: the contents list {' '.join(listed)}, the sections are {' '.join(sections())}"


def cited_page(name, page):
    """The page that a citation in file `name` means: from the root, beside the file, or no such page."""
    for path in (page, posixpath.normpath(posixpath.join(posixpath.dirname(name), page))):
        if (ROOT / path).is_file():
            return path
    return None


def check_citations(files):
    """A.5 in a comment or on a page is a section of the mathematics; pages and titles that are cited are there."""
    known = set(sections())
    for name in files:
        if pathlib.PurePosixPath(name).suffix not in CITING or name.startswith(NOT_CITING):
            continue
        try:
            text = flowing(text_of(name))
        except UnicodeDecodeError:
            continue
        for section in sorted(set(SECTION.findall(text)) - known):
            yield f"{name}: cites {section}, which {MATHEMATICS} does not have"
        for page, section in PAGE_AND_SECTION.findall(text):
            if cited_page(name, page) != MATHEMATICS:
                yield f"{name}: cites {page}, {section}; numbered sections stand in {MATHEMATICS}"
            elif section not in known:
                yield f"{name}: cites {page}, {section}, which is not there"
        for page, title in PAGE_AND_TITLE.findall(text):
            path = cited_page(name, page)
            if path is None or title not in headings(path):
                yield f"{name}: cites {page}, \"{title}\", which is not there"
        for page in sorted(set(NAMED_PAGE.findall(text))):
            if "://" not in page and cited_page(name, page) is None and not page.startswith("//"):
                yield f"{name}: names the page {page}, which is not there"


def anchor(title):
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", title.replace("`", "").lower()).replace(" ", "-")


def links(page):
    return [target for target in LINK.findall(FENCE.sub("", text_of(page))) if "://" not in target]


def check_links(pages):
    """Relative links lead to files of the tree, and their anchors to headings."""
    for page in pages:
        for target in links(page):
            path, _, fragment = target.partition("#")
            file = (ROOT / page).parent / path if path else ROOT / page
            if not file.exists():
                yield f"{page}: links to {target}, which is not there"
            elif fragment and file.suffix == ".md":
                name = str(file.resolve().relative_to(ROOT))
                if fragment not in map(anchor, headings(name)):
                    yield f"{page}: links to {target}, and there is no such heading"


def installed():
    """README.md and what else ShoalInstall.cmake installs in the same places."""
    listed = re.search(r"^set\(pages(.*?)\)", text_of("tools/cmake/ShoalInstall.cmake"), re.MULTILINE | re.DOTALL)
    return [] if listed is None else re.sub(r"#.*", "", listed[1]).split()


def check_installed(files):
    """Links between installed pages lead to installed pages: nothing of the source tree is there for their readers."""
    there = installed()
    if "README.md" not in there:
        yield "tools/cmake/ShoalInstall.cmake: set(pages ...) lacks README.md"
    for page in there:
        if page not in files:
            yield f"tools/cmake/ShoalInstall.cmake: installs {page}, which is not there"
        elif page.endswith(".md"):
            for target in links(page):
                path = target.partition("#")[0]
                file = ((ROOT / page).parent / path).resolve() if path else ROOT / page
                name = str(file.relative_to(ROOT)) if file.is_relative_to(ROOT) else str(file)
                if name not in there:
                    yield f"{page} is installed and links to {name}, which is not (tools/cmake/ShoalInstall.cmake)"


def check_recipes():
    """Files that the recipes and the rest of host/README.md name are there."""
    if not NAMED_FILE.search(part(MAP, "Recipes")):
        yield f"{MAP}: there are no files under 'Recipes'"
    for name in sorted(set(NAMED_FILE.findall(text_of(MAP)))):
        if not (ROOT / name).is_file():
            yield f"{MAP}: names {name}, which is not there"


def main():
    files = tracked()
    pages = [name for name in files if name.endswith(".md")]
    checks = (check_map(files), check_order(files), check_numbers(), check_contents(), check_citations(files),
              check_links(pages), check_installed(files), check_recipes())
    problems = [problem for check in checks for problem in check]
    print("\n".join(problems) if problems else f"test_docs: {len(pages)} pages, {len(sections())} sections, all right")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
