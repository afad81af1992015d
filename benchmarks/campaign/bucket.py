"""A server of S3 (moto) in a process of its own, whose time is not counted; what a worker spends on asking it is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

KEYS = {"AWS_ACCESS_KEY_ID": "placeholder", "AWS_SECRET_ACCESS_KEY": "placeholder"}

_KEPT_IN_MEMORY = 1 << 16


@contextmanager
def server() -> Iterator[str]:
    """Its address. Objects of more than 64 kB lie in files that go with it, not in its memory."""
    os.environ |= KEYS
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    own = os.environ | {"MOTO_S3_DEFAULT_KEY_BUFFER_SIZE": str(_KEPT_IN_MEMORY)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=own) as process:
        assert process.stderr is not None
        try:
            port = next(match[1] for line in process.stderr if (match := re.search(r"http://127\.0\.0\.1:(\d+)", line)))
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def client(endpoint: str) -> Any:
    import boto3

    return boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")


def address(endpoint: str, bucket: str) -> str:
    """A bucket of the server as campaigns name it."""
    return f"s3://{bucket}?endpoint={endpoint}&region=us-east-1"
