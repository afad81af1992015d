"""HTML and SVG elements as text that is escaped unless it is markup already, so that no input can become markup."""

from __future__ import annotations

import html
import re

_CONTROL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_VOID = frozenset({"meta", "br", "hr", "link", "col"})

Value = str | float | None


class Markup(str):
    """Text that stands in a page as it is; only `element`, `join` and the package's own files make it."""

    __slots__ = ()


def escape(text: str) -> Markup:
    """Text as markup that shows it; characters that HTML cannot hold become question marks.

    >>> escape('<b>"&')
    '&lt;b&gt;&quot;&amp;'
    """
    return text if isinstance(text, Markup) else Markup(html.escape(_CONTROL.sub("?", text)))


def join(*parts: str | None) -> Markup:
    """Parts one after the other, each escaped unless it is markup; None is nothing."""
    return Markup("".join(escape(part) for part in parts if part is not None))


def element(name: str, /, *children: str | None, **attributes: Value) -> Markup:
    """An element; in attribute names `class_` is `class` and underscores are hyphens; None leaves one out.

    >>> element("a", "1 < 2", href="#x", class_=None, stroke_width=1.25)
    '<a href="#x" stroke-width="1.25">1 &lt; 2</a>'
    """
    words = [name]
    for key, value in attributes.items():
        if value is not None:
            text = value if isinstance(value, str) else number(value)
            words.append(f'{key.rstrip("_").replace("_", "-")}="{escape(text)}"')
    start = f"<{' '.join(words)}>"
    return Markup(start if name in _VOID else f"{start}{join(*children)}</{name}>")


def number(value: float, digits: int = 2) -> str:
    """A number as short as can be.

    >>> number(3.0), number(-0.001), number(1.256)
    ('3', '0', '1.26')
    """
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text
