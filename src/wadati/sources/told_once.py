"""Problems of a source that is looked at again and again: each is told once, until it has gone."""

from __future__ import annotations

from wadati.protocols import Problem


class ToldOnce:
    """What went wrong, one problem a subject.

    >>> told = ToldOnce()
    >>> told.tell("a.mseed", "cannot be read", "make it readable")
    >>> told.tell("a.mseed", "cannot be read", "make it readable")
    >>> len(told.take()), len(told.take())
    (1, 0)
    """

    def __init__(self) -> None:
        self._new: list[Problem] = []
        self._told: set[str] = set()

    def tell(self, subject: str, wrong: str, mend: str) -> None:
        """Note a problem, where there was none of the subject."""
        if subject not in self._told:
            self._told.add(subject)
            self._new.append(Problem(subject, wrong, mend))

    def gone(self, subject: str) -> None:
        """All is well with the subject again."""
        self._told.discard(subject)

    def take(self) -> list[Problem]:
        """What is new since the last call."""
        new, self._new = self._new, []
        return new
