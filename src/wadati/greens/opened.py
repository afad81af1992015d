"""A store of Green's functions of whatever kind it says that it is."""

from __future__ import annotations

from wadati.greens.receiver_layout import ReceiverContents
from wadati.greens.receivers import ReceiverGreens
from wadati.greens.storage import read_contents
from wadati.greens.stored import StoredGreens
from wadati.model import VelocityModel


def open_store(url: str, model: VelocityModel | None = None) -> StoredGreens | ReceiverGreens:
    """The store of a URL; its attributes tell its kind.

    Raises `InputError` where there is none, where it is of a kind that is not known or, of layers, not whole, and where
    `model` is not the one that it was made for.
    """
    _, contents = read_contents(url)
    if isinstance(contents, ReceiverContents):
        return ReceiverGreens(url, model)
    return StoredGreens(url, model)
