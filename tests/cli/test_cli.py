"""The command line as a user meets it: grammar, exit codes, one-line errors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from wadati.cli.main import main, parser
from wadati.synthetics.scenario import simulate

STATIONS = "network,station,location,channel,latitude,longitude,elevation_m\nXX,A,,HHZ,35.0,-117.5,700\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    simulate(5, stations=5, minutes=4).write(folder)
    return folder


def test_the_commands_and_their_flags_are_the_contract() -> None:
    actions = {a.dest: a for a in parser()._actions}
    verbs = actions["command"].choices
    assert verbs is not None
    flags = {
        name: sorted(s for a in verb._actions for s in a.option_strings if s.startswith("--"))
        for name, verb in dict(verbs).items()
    }
    running = ["--debug", "--flow", "--help"]
    waveforms = ["--end", "--output", "--picker", "--start", "--stations", "--workers"]
    assert flags == {
        "demo": sorted([*running, "--greens", "--output", "--picker", "--seed", "--velocity-model", "--workers"]),
        "catalog": sorted([*running, *waveforms, "--greens", "--topography", "--velocity-model"]),
        "pick": sorted([*running, *waveforms]),
        "associate": sorted([*running, "--output", "--stations", "--velocity-model"]),
        "locate": sorted([*running, "--output", "--stations", "--topography", "--velocity-model"]),
        "evaluate": sorted(
            ["--debug", "--help", "--distance-tolerance", "--end", "--json", "--start", "--time-tolerance"]
        ),
        "tensor": sorted(
            [
                "--debug",
                "--greens",
                "--help",
                "--kind",
                "--magnitude",
                "--output",
                "--results",
                "--stations",
                "--waveforms",
            ]
        ),
        "models": ["--debug", "--help", "--json"],
        "greens": ["--band", "--debug", "--depths", "--distances", "--help", "--model", "--to", "--workers"],
        "synthetics": sorted(
            [
                "--debug",
                "--help",
                "--components",
                "--dask",
                "--depth",
                "--dip",
                "--fault",
                "--format",
                "--greens",
                "--kind",
                "--latitude",
                "--longitude",
                "--magnitude",
                "--output",
                "--plot",
                "--rake",
                "--source-time",
                "--sources",
                "--stations",
                "--strike",
                "--tensor",
                "--time",
                "--workers",
            ]
        ),
        "live": [
            *sorted(
                [
                    *running,
                    "--bus",
                    "--greens",
                    "--metrics-port",
                    "--output",
                    "--peer",
                    "--picker",
                    "--source",
                    "--standby",
                    "--stations",
                    "--store",
                    "--topography",
                    "--velocity-model",
                ]
            )
        ],
        "serve": sorted([*running, "--greens", "--host", "--picker", "--port", "--stations", "--store", "--waveforms"]),
        "site": ["--debug", "--flow", "--follow", "--help", "--stations", "--store", "--to", "--waveforms"],
        "plan": ["--debug", "--help", "--json", "--workers"],
        "run": ["--budget", "--debug", "--help", "--shard", "--workers"],
        "retry": ["--debug", "--help"],
        "cancel": ["--debug", "--help"],
        "token": ["--days", "--debug", "--help", "--name", "--scopes"],
        "status": ["--debug", "--help", "--json"],
        "gateway": sorted(
            ["--bandwidth", "--debug", "--help", "--name", "--source", "--spool", "--spool-mb", "--to", "--token-file"]
        ),
        "backup": ["--debug", "--help", "--to"],
        "restore": ["--debug", "--help", "--store"],
    }


def test_usage_ends_with_2() -> None:
    for arguments in ([], ["nonsense"], ["catalog"], ["pick", "x", "--stations", "y"]):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["catalog", "{empty}", "--stations", "{stations}"], 3, "empty"),
        (["catalog", "{missing}", "--stations", "{stations}"], 3, "does not exist"),
        (["catalog", "{waveforms}", "--stations", "{missing}"], 3, "missing"),
        (["catalog", "{waveforms}", "--stations", "{headless}"], 3, "latitude"),
        (["catalog", "{waveforms}", "--stations", "{stations}", "--picker", "nobody"], 2, "nobody"),
        (["catalog", "{waveforms}", "--stations", "{stations}", "--start", "noon"], 2, "is not a time"),
        (["catalog", "{waveforms}", "--stations", "{stations}", "--velocity-model", "mars"], 2, "mars"),
        (["catalog", "{waveforms}", "--stations", "{stations}", "--workers", "0"], 2, "workers"),
        (["catalog", "{waveforms}", "--stations", "{elsewhere}"], 3, "none of the 5 stations"),
        (["catalog", "{waveforms}", "--stations", "{stations}", "--picker", "neural"], 2, "neural:"),
        (["catalog", "{waveforms}", "--stations", "{stations}", "--picker", "stalta:x"], 2, "stalta"),
        (["catalog", "{waveforms}", "--stations", "{stations}", "--picker", "wadati:x"], 2, "comes with Wadati"),
        (["catalog", "{waveforms}", "--stations", "{stations}", "--picker", "seisbench"], 2, "seisbench:MODEL"),
        (["associate"], 2, "--stations is needed"),
        (["associate", "--stations", "{stations}"], 3, "run `wadati pick`"),
        (["locate", "--stations", "{stations}"], 3, "run `wadati associate`"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_errors_are_one_line_that_names_the_thing(
    arguments: list[str], code: int, words: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "headless.csv").write_text("network,station,location,channel,longitude,elevation_m\nXX,A,,HHZ,1,2\n")
    (tmp_path / "elsewhere.csv").write_text(STATIONS)
    places = {
        "empty": tmp_path / "empty",
        "missing": tmp_path / "missing",
        "headless": tmp_path / "headless.csv",
        "elsewhere": tmp_path / "elsewhere.csv",
        "waveforms": folder / "waveforms",
        "stations": folder / "stations.xml",
    }
    got = main([argument.format(**places) for argument in arguments] + ["--output", str(tmp_path / "out")])
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("wadati: ")]
    assert (got, len(lines)) == (code, 1)
    assert words in lines[0]
    assert not list((tmp_path).glob("out/*"))


def test_swapped_coordinates_are_told(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "stations.csv"
    table.write_text(STATIONS.replace("35.0,-117.5", "-117.5,35.0"))
    code = main(["pick", str(folder / "waveforms"), "--stations", str(table), "--output", str(tmp_path / "out")])
    assert code == 3
    assert "swapped" in capsys.readouterr().err


def test_a_corrupt_file_costs_no_other_and_ends_with_4(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = sorted((folder / "waveforms").iterdir())
    broken = tmp_path / "broken.mseed"
    data = good[0].read_bytes()
    broken.write_bytes(data[:4096] + b"\xff" * 3000 + data[7096:])
    whole = ["--stations", str(folder / "stations.xml"), "--workers", "1"]
    assert main(["pick", *map(str, good[1:]), *whole, "--output", str(tmp_path / "without")]) == 0
    assert main(["pick", *map(str, good[1:]), str(broken), *whole, "--output", str(tmp_path / "with")]) == 4
    assert "broken.mseed" in capsys.readouterr().err
    others = set((tmp_path / "without" / "picks.csv").read_text().splitlines())
    assert others <= set((tmp_path / "with" / "picks.csv").read_text().splitlines())


def test_a_program_killed_at_work_leaves_nothing_half_written(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "wadati.cli.main", "pick", str(folder / "waveforms")]
    command += ["--stations", str(folder / "stations.xml"), "--output", str(out), "--workers", "1"]
    killer = (
        "import os, signal, pathlib, wadati.formats.tables as t\n"
        "real = t.write_rows\n"
        "def dies(path, header, rows):\n"
        "    def cut():\n"
        "        for index, row in enumerate(rows):\n"
        "            if index == 3: os.kill(os.getpid(), signal.SIGKILL)\n"
        "            yield row\n"
        "    real(path, header, cut())\n"
        "t.write_rows = dies\n"
        "from wadati.cli.main import main\n"
        f"main({command[3:]!r})\n"
    )
    done = subprocess.run([sys.executable, "-c", killer], capture_output=True, check=False)
    assert done.returncode == -9
    assert not (out / "picks.csv").exists()
    assert not (out / "run.json").exists()
    assert main(command[3:]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["amplitudes.parquet", "picks", "picks.csv", "run.json"]


def test_an_interrupted_run_says_so_in_one_line_and_leaves_no_leftovers(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "wadati.cli.main", "pick", str(folder / "waveforms"), "--workers", "2"]
    command += ["--stations", str(folder / "stations.xml"), "--output", str(out)]
    # What a shell starts in the background ignores Ctrl-C, and hands that down; what is tested here does not.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("read:")
        os.killpg(process.pid, signal.SIGINT)
        rest = process.stderr.read().splitlines()
    assert (process.returncode, len(rest)) == (130, 1)
    assert "interrupted" in rest[0]
    assert list(out.iterdir()) == []


def test_evaluate_speaks_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "events.csv"
    table.write_text(
        "event_id,time,latitude,longitude,depth_km,magnitude,magnitude_type\n"
        "a,2019-07-04T17:33:49Z,35.7,-117.5,10.5,6.4,Mw\n"
    )
    assert main(["evaluate", str(table), str(table), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["recall"]["count"] == found["recall"]["total"] == 1
    assert main(["evaluate", str(table), str(table)]) == 0
    assert "recall" in capsys.readouterr().out


def test_a_file_where_the_folder_should_be(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").write_text("")
    arguments = ["pick", str(folder / "waveforms"), "--stations", str(folder / "stations.xml"), "--output"]
    assert main([*arguments, str(tmp_path / "out")]) == 3
    assert "is a file, not a folder" in capsys.readouterr().err
