"""The documents: links lead somewhere, commands and messages are those of the program."""

from __future__ import annotations

import argparse
import ast
import re
from pathlib import Path

import pytest

from wadati.cli.main import parser

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)\s#]*)(?:#([^)\s]*))?\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"\bwadati +([a-z]\w*)(.*)")

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def commands() -> dict[str, argparse.ArgumentParser]:
    (verbs,) = (action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    return dict(verbs.choices)


def headings(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub names them."""
    found = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in found}


@every_document
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    broken = []
    for target, anchor in LINK.findall(FENCE.sub("", document.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path = (document.parent / target).resolve() if target else document
        if not path.exists() or (anchor and anchor not in headings(path)):
            broken.append(f"{target}#{anchor}")
    assert broken == []


@every_document
def test_every_command_and_option_in_code_exists(document: Path) -> None:
    known = commands()
    wrong = []
    for language, code in FENCE.findall(document.read_text(encoding="utf-8")):
        for name, rest in COMMAND.findall(code) if language != "python" else ():
            options = re.findall(r"--[a-z-]+", rest)
            if name not in known or not set(options) <= set(known[name]._option_string_actions):
                wrong.append(f"wadati {name}{rest}")
    assert wrong == []


def test_every_message_that_the_reference_quotes_is_in_the_program() -> None:
    said = {
        node.value
        for path in (ROOT / "src").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    rows = re.findall(
        r"^\| (\*.*?) \|", (ROOT / "docs/reference/messages.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    quoted = [words for row in rows for words in re.findall(r"\*(.+?)\*", row)]
    assert len(quoted) > 10
    assert [words for words in quoted if not any(words in text for text in said)] == []
