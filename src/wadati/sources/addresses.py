"""Where live records come from, as one address on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from wadati.errors import UsageError
from wadati.protocols import PacketSource


def open_source(address: str) -> PacketSource:
    """The source of an address; nothing is connected or read yet. Raises `UsageError` for an address that is none.

    `seedlink://host[:port][,host…]?streams=CI_*,AZ_*&channels=HH?,HN?&connections=4` (`seedlinks` over TLS),
    `replay:PATH?speed=20`, `folder:PATH`,
    `bucket:s3://NAME/PREFIX?endpoint=URL&region=NAME&every=10`, `udp://group:port`, `post://HOST:PORT?token_file=FILE`,
    `kinesis://STREAM?region=NAME&endpoint=URL`.

    >>> open_source("seedlink://geofon.example:18000?streams=GE_*").name
    'seedlink://geofon.example:18000'
    """
    scheme, _, rest = address.partition(":")
    if scheme not in _OPENERS:
        raise UsageError(f"{address}: no source is called {scheme!r}; there are {', '.join(_OPENERS)}")
    path, _, query = rest.partition("?")
    given = {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}
    return _OPENERS[scheme](address, path, given)


def _seedlink(address: str, path: str, given: dict[str, str]) -> PacketSource:
    from wadati.sources.seedlink import SeedLink

    hosts = path.removeprefix("//").strip("/")
    if not hosts:
        raise UsageError(f"{address}: names no server; write seedlink://HOST:18000?streams=NET_*")
    return SeedLink(
        [_host(one, address) for one in hosts.split(",")],
        _listed(given, "streams") or ("*_*",),
        channels=_listed(given, "channels"),
        tls=address.startswith("seedlinks:"),
        since=given.get("since"),
        connections=max(round(_number(given, "connections", 1, address)), 1),
    )


def _replay(address: str, path: str, given: dict[str, str]) -> PacketSource:
    from wadati.sources.replay import Replay

    return Replay(Path(path), _number(given, "speed", 1.0, address), given.get("start"), given.get("end"))


def _folder(_: str, path: str, __: dict[str, str]) -> PacketSource:
    from wadati.sources.folder import Folder

    return Folder(Path(path))


def _bucket(address: str, path: str, given: dict[str, str]) -> PacketSource:
    from wadati.sources.bucket import Bucket

    every = _number(given, "every", 5.0, address)
    return Bucket(path, every_s=every, options={k: v for k, v in given.items() if k != "every"})


def _udp(address: str, path: str, _: dict[str, str]) -> PacketSource:
    from wadati.sources.udp import Udp

    parts = urlsplit(f"udp:{path}")
    if not parts.hostname or not parts.port:
        raise UsageError(f"{address}: write udp://GROUP:PORT")
    return Udp(parts.hostname, parts.port)


def _post(address: str, path: str, given: dict[str, str]) -> PacketSource:
    from wadati.sources.posted import Posted, read_tokens

    parts = urlsplit(f"post:{path}")
    if not parts.hostname or parts.port is None:
        raise UsageError(f"{address}: write post://HOST:PORT?token_file=FILE")
    return Posted(parts.hostname, parts.port, read_tokens(Path(given["token_file"])) if "token_file" in given else ())


def _kinesis(_: str, path: str, given: dict[str, str]) -> PacketSource:
    from wadati.sources.kinesis import Kinesis

    return Kinesis(path.removeprefix("//"), given)


_OPENERS: dict[str, Callable[[str, str, dict[str, str]], PacketSource]] = {
    "seedlink": _seedlink,
    "seedlinks": _seedlink,
    "replay": _replay,
    "folder": _folder,
    "bucket": _bucket,
    "udp": _udp,
    "post": _post,
    "kinesis": _kinesis,
}


def _host(text: str, address: str) -> tuple[str, int | None]:
    host, _, port = text.rpartition(":") if text.rpartition(":")[2].isdigit() else (text, "", "")
    if not host:
        raise UsageError(f"{address}: {text!r} is no HOST:PORT")
    return host.strip("[]"), int(port) if port else None


def _listed(given: dict[str, str], name: str) -> tuple[str, ...]:
    return tuple(one for one in given.get(name, "").split(",") if one)


def _number(given: dict[str, str], name: str, usual: float, address: str) -> float:
    try:
        value = float(given.get(name, usual))
    except ValueError:
        raise UsageError(f"{address}: {name}={given[name]} is no number") from None
    if not value >= 0:
        raise UsageError(f"{address}: {name} must be 0 or more")
    return value
