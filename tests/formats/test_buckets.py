"""Buckets of Azure and Google, on emulators of theirs: the same laws as for S3."""

from __future__ import annotations

import pytest

from tests.formats.clouds import Cloud
from wadati.errors import UsageError
from wadati.formats.buckets import open_bucket
from wadati.store.objects import open_place


def test_what_is_kept_is_given_back_whole_and_created_once(cloud: Cloud) -> None:
    scheme, options, create = cloud.scheme, cloud.options, cloud.create
    create("kept")
    place = open_place(f"{scheme}://kept/here?{options}")
    assert place.get("a/b.json") is None
    place.put("a/b.json", b"one", "application/json", 60)
    place.put("a/b.json", b"two", "application/json", 60)
    assert place.get("a/b.json") == b"two"
    assert [place.create("a/first", content) for content in (b"first", b"late")] == [True, False]
    assert place.get("a/first") == b"first"
    obstore, store = open_bucket(f"{scheme}://kept/here?{options}")
    assert sorted(one["path"] for some in obstore.list(store) for one in some) == ["a/b.json", "a/first"]
    assert obstore.head(store, "a/first")["size"] == 5
    place.remove("a/first")
    place.remove("a/first")
    assert place.get("a/first") is None


def test_options_that_are_no_numbers_are_refused() -> None:
    pytest.importorskip("obstore")
    with pytest.raises(UsageError, match="timeout and retries are numbers"):
        open_bucket("s3://bucket?retries=often")


@pytest.mark.parametrize("option", ["secret_access_key", "AWS_SESSION_TOKEN", "sas_key"])
def test_an_address_holds_no_key(option: str) -> None:
    """It would be read in run.json, in the report and in what AWS Batch tells of a job."""
    pytest.importorskip("obstore")
    with pytest.raises(UsageError, match="is told in the environment") as told:
        open_bucket(f"s3://bucket?{option}=hidden")
    assert "hidden" not in str(told.value)
