"""Replicas of archives, filled by us on servers of S3 (Ceph and moto, on loopback)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import pytest

from wadati.formats.miniseed import write_miniseed
from wadati.model import TimeSpan, Trace
from wadati.sources.archives.layouts import LAYOUTS
from wadati.units import DAY


def objects(traces: Iterable[Trace], layout: str) -> dict[str, bytes]:
    """Traces as the objects of a layout, miniSEED 2, each cut at midnight."""
    rule = LAYOUTS[layout]
    parts = [
        (rule.paths([trace.source_id], day)[0], part)
        for trace in traces
        for day in range(trace.start // DAY, (trace.end - 1) // DAY + 1)
        if len(part := trace.cut(TimeSpan(day * DAY, (day + 1) * DAY)))
    ]
    parts.sort(key=lambda one: (one[0], one[1].source_id, one[1].start))
    return {
        name: write_miniseed([trace for _, trace in some], version=2)
        for name, some in groupby(parts, lambda one: one[0])
    }


def client(endpoint: str) -> Any:
    return pytest.importorskip("boto3").client("s3", endpoint_url=endpoint, region_name="us-east-1")


def fill(endpoint: str, bucket: str, content: Mapping[str, bytes]) -> None:
    """A bucket with these objects."""
    s3 = client(endpoint)
    s3.create_bucket(Bucket=bucket)
    for name, data in content.items():
        s3.put_object(Bucket=bucket, Key=name, Body=data)


def address(endpoint: str, bucket: str, **options: object) -> str:
    more = "".join(f"&{name}={value}" for name, value in options.items())
    return f"s3://{bucket}?endpoint={endpoint}&region=us-east-1{more}"
