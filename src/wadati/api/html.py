"""Plain pages for people who open an address that is meant for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from starlette.responses import HTMLResponse, Response

from wadati.report.markup import Markup, element

_STYLE = Markup(
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "th,td{text-align:left;vertical-align:top;padding:.15rem 1rem .15rem 0}table{border-collapse:collapse}"
    "tr+tr{border-top:1px solid #8884}"
)


def page(title: str, *parts: str) -> Response:
    """A page of markup (other text is escaped) under a title."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width"),
        element("title", title),
        element("style", _STYLE),
    )
    body = element("body", element("h1", title), *parts)
    return HTMLResponse(f"<!doctype html>{element('html', head, body, lang='en')}")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    """A table of cells."""
    named = element("tr", *(element("th", name, scope="col") for name in head))
    return element("table", named, *(element("tr", *(element("td", cell) for cell in row)) for row in rows))


def link(address: str, words: str | None = None) -> Markup:
    """A link to an address."""
    return element("a", words or address, href=address)
