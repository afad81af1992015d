"""How a service works: again and again from what is kept, whatever interrupts it, until it is told to stop."""

from __future__ import annotations

import os
import socket
import threading
import uuid
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError

from wadati.bus.nats import NatsBus
from wadati.errors import InputError

Say = Callable[..., None]
_AGAIN_S = 1.0


def member_name() -> str:
    """A name that no other process has."""
    host = "".join(letter if letter.isalnum() else "-" for letter in socket.gethostname())
    return f"{host}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def open_bus(address: str, stop: threading.Event, say: Say) -> NatsBus | None:
    """The bus, as soon as it answers; None where the service is told to stop before."""
    told = False
    while not stop.is_set():
        try:
            return NatsBus(address)
        except ConnectionError as error:
            if not told:
                told = True
                say("interrupted", why=f"{error}; tried again")
            stop.wait(_AGAIN_S)
    return None


def again_and_again(session: Callable[[], None], stop: threading.Event, say: Say) -> None:
    """Run sessions until one ends by itself. What the bus, the database or the disk do to one begins the next."""
    told = ""
    while not stop.is_set():
        try:
            session()
            return
        except (DBAPIError, InputError, OSError) as error:
            words = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
            if words != told:
                told = words
                say("interrupted", why=words)
            stop.wait(_AGAIN_S)
