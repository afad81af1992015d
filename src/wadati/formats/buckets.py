"""Buckets of Amazon S3 and what speaks its language, Google Cloud Storage and Azure, by obstore."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

from wadati.errors import MissingExtraError, UsageError

_NO_BUCKET = ("<Code>NoSuchBucket<", "<Code>ContainerNotFound<", "bucket does not exist")
_SECRET = ("key", "secret", "token", "password")
"""What no option has in its name that may be in an address."""


def open_bucket(
    url: str, *, subject: str = "", options: Mapping[str, str] | None = None, limit_s: float = 30, retries: int = 4
) -> tuple[Any, Any]:
    """The module obstore and the store of `s3://BUCKET/PREFIX`, `gs://…` or `az://…`; nothing is asked of it yet.

    A request is given up after `limit_s` and tried again up to `retries` times, with growing pauses. Options of the
    store (`endpoint`, `region`, `skip_signature`) stand in `options` or behind a question mark of the URL, where
    `timeout` (s) and `retries` may stand too; keys come from the environment, and so may the endpoint of S3
    (`AWS_ENDPOINT_URL`). `subject` is what errors name. Raises
    `MissingExtraError` without obstore (extra `wadati[bucket]`), `UsageError` for a URL that it does not know or that
    holds a key.
    """
    subject = subject or url.partition("?")[0]
    try:
        import obstore
        from obstore.store import from_url
    except ImportError:
        raise MissingExtraError(subject, "bucket") from None
    address, _, query = url.partition("?")
    given = dict(parse_qsl(query)) | dict(options or {})
    if secret := next((name for name in given if any(word in name.lower() for word in _SECRET)), ""):
        raise UsageError(f"{subject}: {secret} is told in the environment; an address stands in reports and job lists")
    plain = (given.get("endpoint") or os.environ.get("AWS_ENDPOINT_URL", "")).startswith("http://")
    if address.startswith("gs://") and "endpoint" in given:
        given["base_url"] = given.pop("endpoint")  # Google's store calls it so
    try:
        limit = timedelta(seconds=float(given.pop("timeout", limit_s)))
        tries = int(given.pop("retries", retries))
    except ValueError as error:
        raise UsageError(f"{subject}: timeout and retries are numbers; {error}") from None
    try:
        store = from_url(
            address.rstrip("/"),
            client_options={"timeout": limit, "allow_http": plain},
            retry_config={"max_retries": tries, "retry_timeout": limit * (tries + 1)},
            **given,
        )
    except Exception as error:  # obstore has an exception of its own for each kind of store
        raise UsageError(f"{subject}: {first_line(error)}") from error
    return obstore, store


def is_of_bucket(error: FileNotFoundError) -> bool:
    """Whether it is the bucket itself that is not there, as stores say where an object of it was asked for.

    >>> is_of_bucket(FileNotFoundError("404 Not Found: <Error><Code>NoSuchKey</Code></Error>"))
    False
    """
    return any(words in str(error) for words in _NO_BUCKET)


def first_line(error: Exception) -> str:
    """What an error of a store says, without its many further lines.

    >>> first_line(ValueError("no such key\\n\\nDebug source: ..."))
    'no such key'
    """
    return next(iter(str(error).splitlines()), type(error).__name__)[:200]
