"""Nothing that comes in can become markup."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from wadati.report.markup import Markup, element, escape, join

# Carriage returns are left out: every HTML parser reads them as line feeds.
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"))


class Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.starts: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.starts.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@given(texts)
def test_text_comes_back_as_it_was(text: str) -> None:
    reader = Reader(element("p", text))
    assert (reader.text, len(reader.starts)) == (text, 1)


@given(texts)
def test_attributes_come_back_as_they_were(text: str) -> None:
    assert Reader(element("p", title=text)).starts == [("p", {"title": text})]


@given(texts)
def test_escaping_twice_is_escaping_once(text: str) -> None:
    assert escape(escape(text)) == escape(text)


def test_characters_that_html_cannot_hold_become_question_marks() -> None:
    assert escape("a\x00b\ud800c\ufffe") == "a?b?c?"


def test_parts_are_joined_and_none_is_nothing() -> None:
    assert join("<", None, Markup("<br>")) == "&lt;<br>"
