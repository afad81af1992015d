"""A page of HTML that is whole in itself: its style and its only script stand in it, and nothing is fetched."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from wadati.report.markup import Markup, element, join


def whole_page(title: str, body: Markup, *, description: str | None = None, robots: str | None = None) -> str:
    """The page of a body made of sections; `description` and `robots` are for search engines."""
    style, script = (
        Markup((files("wadati.report") / "data" / name).read_text(encoding="utf-8"))
        for name in ("style.css", "sort.js")
    )
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{allowed}'"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="description", content=description) if description else None,
        element("meta", name="robots", content=robots) if robots else None,
        element("title", title),
        element("style", style),
    )
    page = element("html", head, element("body", body, element("script", script)), lang="en")
    return join(Markup("<!DOCTYPE html>\n"), page, "\n")


def section(title: str, *content: Markup | None) -> Markup:
    """A part of a page under its title."""
    return element("section", element("h2", title), *content)


def figures(*drawings: Markup | None) -> Markup:
    """Drawings beside each other where there is room."""
    return element("div", *drawings, class_="figures")


def facts(pairs: list[tuple[str, str]]) -> Markup:
    """The few numbers that matter most, large."""
    tiles = (element("div", element("dt", name), element("dd", value)) for name, value in pairs)
    return element("dl", *tiles, class_="facts")


def link(address: str, words: str) -> Markup:
    """A link to another page or a file."""
    return element("a", words, href=address)
