"""Files appear whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from wadati.formats.atomic import atomic_write, clean_leftovers

OLD, NEW = b"old content", b"new content, longer"


@pytest.fixture
def path(tmp_path):
    target = tmp_path / "events.csv"
    target.write_bytes(OLD)
    return target


def names(folder):
    return sorted(found.name for found in folder.iterdir())


def write(path, content):
    with atomic_write(path) as partial:
        partial.write_bytes(content)


def test_the_new_content_is_there_and_nothing_else(path):
    write(path, NEW)
    assert path.read_bytes() == NEW
    assert names(path.parent) == [path.name]


def test_the_same_content_leaves_the_file_untouched(path):
    os.utime(path, ns=(1, 1))
    before = path.stat()
    write(path, OLD)
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert path.stat().st_ino == before.st_ino
    assert names(path.parent) == [path.name]


def test_folders_are_made_and_permissions_are_those_of_any_new_file(tmp_path):
    write(tmp_path / "a" / "b.csv", NEW)
    (tmp_path / "plain").touch()
    assert (tmp_path / "a" / "b.csv").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_two_attempts_at_once_do_not_meet(path):
    with atomic_write(path) as one, atomic_write(path) as two:
        assert one != two
        assert one.parent == path.parent
        one.write_bytes(b"one")
        two.write_bytes(b"two")
    assert path.read_bytes() == b"one"


@pytest.mark.parametrize("step", ["open", "write", "fsync", "replace"])
@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_an_error_at_any_step_keeps_the_old(path, monkeypatch, step, error):
    def fail(*_, **__):
        raise error

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    if step == "replace":
        monkeypatch.setattr(Path, "replace", fail)

    def attempt():
        with atomic_write(path) as partial:
            if step == "open":
                fail()
            partial.write_bytes(NEW[:5])
            if step == "write":
                fail()

    with pytest.raises(error):
        attempt()
    assert path.read_bytes() == OLD
    assert names(path.parent) == [path.name]


@pytest.mark.parametrize("step", ["begin", "half", "fsync", "replace"])
def test_a_kill_at_any_step_keeps_the_old_and_its_leftover_is_cleaned(path, step):
    program = f"""
        import os, signal
        from pathlib import Path
        from wadati.formats.atomic import atomic_write
        die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        if {step!r} == "fsync": os.fsync = die
        if {step!r} == "replace": Path.replace = die
        with atomic_write(Path({str(path)!r})) as partial:
            if {step!r} == "begin": die()
            file = partial.open("wb")
            file.write({NEW[:7]!r})
            file.flush()
            if {step!r} == "half": die()
            file.close()
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False)
    assert ended.returncode == -9
    assert path.read_bytes() == OLD
    left = [name for name in names(path.parent) if name != path.name]
    assert len(left) == (step != "begin")
    assert [found.name for found in clean_leftovers(path.parent)] == left
    assert names(path.parent) == [path.name]
    write(path, NEW)
    assert path.read_bytes() == NEW


def test_cleaning_spares_living_attempts_and_files_of_others(path):
    (path.parent / ".hidden.partial").touch()
    elsewhere = path.parent / f".{path.name}.far-away.1.0123abcd.partial"
    elsewhere.touch()
    with atomic_write(path) as partial:
        partial.write_bytes(NEW)
        assert clean_leftovers(path.parent) == ()
    assert path.read_bytes() == NEW
    os.utime(elsewhere, (0, 0))
    assert clean_leftovers(path.parent) == (elsewhere,)
    assert clean_leftovers(path.parent / "absent") == ()
