"""The documents: what they point at exists, and what exists is described."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from realtime.settings import options

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "engines").rglob("*.md")])
MODULES = sorted(
    path
    for package in ("realtime", "engines", "benchmarks", "tests", "scripts")
    for path in (ROOT / package).rglob("*.py")
    if path.name != "__init__.py" or package != "tests"
)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
#: `path/to/file.py`, `docs/x.md`, `web/js/` in backticks: code that a document speaks about.
_CODE_PATH = re.compile(r"`((?:realtime|engines|benchmarks|tests|scripts|web|docs|\.ci)/[\w./-]*)`")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _anchors(document: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", document.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _targets(makefile: str) -> set[str]:
    return set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_links_resolve(document: Path) -> None:
    """Every relative link leads to a file of this repository, and every anchor to a heading."""
    broken = []
    for target in _LINK.findall(_FENCE.sub("", document.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        if not file.exists() or (anchor and anchor not in _anchors(file)):
            broken.append(target)
    assert not broken, f"{_name(document)}: broken links {broken}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_code_that_is_spoken_of_exists(document: Path) -> None:
    """A path in backticks is a path."""
    missing = [path for path in _CODE_PATH.findall(document.read_text(encoding="utf-8")) if not (ROOT / path).exists()]
    assert not missing, f"{_name(document)}: no such files {missing}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_commands_exist(document: Path) -> None:
    """Every `make x` is a target, and every `python -m x` and script a file."""
    text = document.read_text(encoding="utf-8")
    targets = _targets((ROOT / "Makefile").read_text(encoding="utf-8"))
    code = "\n".join([*_FENCE.findall(text), *re.findall(r"`([^`\n]+)`", text)])
    used = set(re.findall(r"(?<!dataset )\bmake ([a-z]+)", code))
    assert used <= targets, f"{_name(document)}: no such targets {used - targets}"
    for module in re.findall(r"python -m ([\w.]+)", code):
        if module.split(".")[0] in ("realtime", "engines", "benchmarks"):
            place = ROOT / module.replace(".", "/")
            assert place.with_suffix(".py").exists() or (place / "__main__.py").exists(), f"no module {module}"


def test_readme_opens_with_the_two_commands() -> None:
    """The first block of code is all that a newcomer needs."""
    block = _FENCE.findall((ROOT / "README.md").read_text(encoding="utf-8"))[0]
    assert re.findall(r"^make (\w+)", block, re.MULTILINE) == ["serve", "test"]


@pytest.mark.parametrize("name", ["glass_to_glass", "stages"])
def test_readme_has_a_place_for_each_benchmark(name: str) -> None:
    """Tables are written between markers, so the markers stand there exactly once."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(re.findall(rf"<!-- benchmark:{name} -->.*?<!-- /benchmark -->", text, re.DOTALL)) == 1


def test_settings_page_is_up_to_date() -> None:
    """The page is what its script writes from the settings tree."""
    result = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "document_settings.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def test_every_setting_is_described() -> None:
    """Each field says what it means in a sentence, and the page names it."""
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for option in options():
        assert option.help.endswith("."), f"{option.path}: got help {option.help!r}, expected a sentence"
        assert f"`{option.path}`" in page, f"{option.path} is missing in docs/settings.md"


@pytest.mark.parametrize("module", MODULES, ids=_name)
def test_every_module_says_what_it_is_for(module: Path) -> None:
    """A module opens with a sentence."""
    docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))
    assert docstring, f"{_name(module)} has no docstring"
    assert docstring.splitlines()[0].rstrip().endswith((".", ":", "?")) or "\n" in docstring, (
        f"{_name(module)}: no sentence"
    )


def test_decisions_are_numbered_and_listed() -> None:
    """Notes count up without a gap, and the list names each."""
    notes = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert [int(note.name[:4]) for note in notes] == list(range(1, len(notes) + 1))
    listed = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    for note in notes:
        assert f"({note.name})" in listed
        text = note.read_text(encoding="utf-8")
        assert text.startswith(f"# {note.name[:4]}: ")
        assert [section for section in ("## Context", "## Decision", "## Consequences") if section not in text] == []


def test_architecture_stays_short() -> None:
    """A map that is longer than 250 lines is not read."""
    assert len((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()) < 250
