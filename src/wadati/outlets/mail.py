"""Events by electronic mail."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from typing import Any

from wadati.errors import InputError

TIMEOUT_S = 15.0


class Mailer:
    """Sends a text about each message through a mail server, with STARTTLS where the server offers it."""

    def __init__(
        self,
        host: str,
        port: int,
        sender: str,
        recipients: tuple[str, ...],
        user: str | None = None,
        password: str | None = None,
        kinds: tuple[str, ...] = ("wadati.event.v1",),
    ) -> None:
        self.host, self.port, self.kinds = host, port, kinds
        self.name = f"smtp://{host}:{port}"
        self._sender, self._recipients, self._user, self._password = sender, recipients, user, password

    def send(self, message: dict[str, Any]) -> None:
        """Send a CloudEvent as text. Raises `OSError` where it should be tried again, `InputError` where refused."""
        letter = EmailMessage()
        letter["Subject"], text = words(message)
        letter["From"], letter["To"] = self._sender, ", ".join(self._recipients)
        letter["Message-ID"] = f"<{message['id']}@wadati>"
        letter.set_content(text)
        try:
            with smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_S) as server:
                server.ehlo()
                if server.has_extn("starttls"):
                    server.starttls(context=ssl.create_default_context())
                if self._user and self._password:
                    server.login(self._user, self._password)
                server.send_message(letter)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPAuthenticationError, smtplib.SMTPSenderRefused) as error:
            raise InputError(self.name, f"refuses the mail ({error})", "check addresses and password") from None
        except smtplib.SMTPException as error:
            raise OSError(str(error)) from None


def words(message: dict[str, Any]) -> tuple[str, str]:
    """Subject and text for a version of an event."""
    data = message["data"]
    event = data["event"]
    origin = next(o for o in event["origins"] if o["origin_id"] == event["preferred_origin_id"])
    size = next((m for m in event["magnitudes"] if m["magnitude_id"] == event["preferred_magnitude_id"]), None)
    shown = f"{size['magnitude_type']} {size['value']:.1f}" if size else "magnitude unknown"
    place = data["additions"].get("nearest_place", {}).get("words", "")
    if data["state"] == "retracted":
        head = f"Retracted: event {data['event_id']}"
    else:
        head = f"{shown}{', ' + place if place else ''}"
    lines = [
        f"{data['state']}, version {data['version']}",
        f"time       {origin['time']}",
        f"epicentre  {origin['latitude']:.4f}, {origin['longitude']:.4f}",
        f"depth      {origin['depth'] / 1000:.1f} km below sea level",
        f"magnitude  {shown}",
        f"event      {data['event_id']}",
        "",
        "Computed automatically; it may be wrong and may be taken back. This is no public warning.",
    ]
    return head, "\n".join(lines) + "\n"
