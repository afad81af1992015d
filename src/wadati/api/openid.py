"""Signed tokens of an organisation (JWT of OpenID Connect), checked with its public keys.

OpenID Connect Core 1.0 (https://openid.net/specs/openid-connect-core-1_0.html), RFC 7519, RFC 8725.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any

from wadati.api.tokens import ROLES, SCOPES, scopes_of
from wadati.engine.serving import OpenId
from wadati.errors import InputError, MissingExtraError

LOG = logging.getLogger("wadati.api")
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""Signatures by private keys alone: with a shared secret, whoever can check could also sign."""

_AGAIN_S = 60.0
"""Keys are not fetched more often, whatever tokens name."""

_RENEW_S = 3600.0
"""After as long keys are fetched anyway, so that one that was taken back opens nothing any more."""

_PATIENCE_S = 5.0
_LARGEST = 1 << 20
_LEEWAY_S = 30


class Organisation:
    """An issuer of tokens. Raises `MissingExtraError` without PyJWT, `InputError` for settings that cannot be used."""

    def __init__(self, settings: OpenId) -> None:
        try:
            import jwt
        except ImportError:
            raise MissingExtraError("[serve.openid]", "openid") from None
        if not settings.audience or not settings.keys:
            raise InputError("[serve.openid]", "has no audience or no keys", "say who tokens are for, and their JWKS")
        self._jwt, self._settings = jwt, settings
        self._lock = threading.Lock()
        self._keys: dict[str, Any] = {}
        self._fetched = -_AGAIN_S

    def find(self, word: str) -> tuple[str, tuple[str, ...]] | None:
        """Whose a token is and its scopes; None for one that is not this organisation's, or over.

        May fetch keys, so that it is to be called in a thread.
        """
        try:
            header = self._jwt.get_unverified_header(word)
            key = self._key(str(header.get("kid", "")))
            if key is None or header.get("alg") not in _ALGORITHMS:
                return None
            claims = self._jwt.decode(
                word,
                key,
                algorithms=[header["alg"]],
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                leeway=_LEEWAY_S,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except (self._jwt.PyJWTError, ValueError, TypeError):
            return None
        given = claims.get(self._settings.roles) or ()
        if not isinstance(given, str | list | tuple):
            given = ()
        names = given.split() if isinstance(given, str) else [str(one) for one in given if isinstance(one, str)]
        known = [name for name in names if name in ROLES or name in SCOPES]
        return f"{claims['sub']}", scopes_of(known)

    def _key(self, name: str) -> Any:
        with self._lock:
            age = time.monotonic() - self._fetched
            if age > _RENEW_S or (name not in self._keys and age > _AGAIN_S):
                self._fetched = time.monotonic()
                try:
                    self._keys = {key.key_id or "": key.key for key in self._read()}
                except (OSError, HTTPException, ValueError, AttributeError, self._jwt.PyJWTError) as error:
                    LOG.warning("%s: the keys of the issuer cannot be read (%s)", self._settings.keys, error)
            return self._keys.get(name)

    def _read(self) -> list[Any]:
        keys = self._settings.keys
        if keys.startswith(("https://", "http://")):
            with urllib.request.urlopen(keys, timeout=_PATIENCE_S) as answer:  # noqa: S310 -- the scheme is checked
                content = answer.read(_LARGEST)
        else:
            content = Path(keys).read_bytes()
        return list(self._jwt.PyJWKSet.from_dict(json.loads(content)).keys)
