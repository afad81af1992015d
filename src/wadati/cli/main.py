"""The command line: `wadati COMMAND ...`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import wadati
from wadati.cli import commands, greens, serving
from wadati.cli.terminal import complain
from wadati.errors import WadatiError


def parser() -> argparse.ArgumentParser:
    """The whole grammar of the command line."""
    top = argparse.ArgumentParser(
        prog="wadati",
        description="From continuous waveforms to an earthquake catalog.",
        epilog="exit codes: 0 done, 2 usage, 3 nothing of the input usable, 4 partly failed (see run.json)",
    )
    top.add_argument("--version", action="version", version=f"wadati {wadati.__version__}")
    verbs = top.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=True)

    demo = verbs.add_parser("demo", help="simulate a network with known truth, run the whole chain, score it")
    demo.add_argument("--output", type=Path, default=Path("demo"), metavar="DIR", help="default: ./demo")
    demo.add_argument("--seed", type=int, default=1, help="which network and sequence (default: 1)")
    _parts(demo, "picker", "velocity_model", "greens")
    _running(demo)
    demo.set_defaults(run=commands.demo)

    catalog = verbs.add_parser("catalog", help="waveforms to a catalog and a report: the whole chain")
    _waveforms(catalog)
    _parts(catalog, "picker", "velocity_model", "topography", "greens")
    _running(catalog)
    catalog.set_defaults(run=commands.catalog)

    pick = verbs.add_parser("pick", help="waveforms to picks")
    _waveforms(pick)
    _parts(pick, "picker")
    _running(pick)
    pick.set_defaults(run=commands.pick)

    associate = verbs.add_parser("associate", help="picks to preliminary events")
    _tables(associate, "PICKS", "picks.csv or a folder that holds one (default: the output folder)")
    _parts(associate, "velocity_model")
    associate.set_defaults(run=commands.associate)

    locate = verbs.add_parser("locate", help="preliminary events to locations and magnitudes")
    _tables(locate, "EVENTS", "a folder with events.csv, arrivals.csv, picks.csv (default: the output folder)")
    _parts(locate, "velocity_model", "topography")
    locate.set_defaults(run=commands.locate)

    evaluate = verbs.add_parser("evaluate", help="a catalog beside a reference")
    kinds = "events CSV, QuakeML, ComCat CSV or an output folder"
    evaluate.add_argument("candidate", type=Path, metavar="CANDIDATE", help=kinds)
    evaluate.add_argument("reference", type=Path, metavar="REFERENCE", help=kinds)
    _span(evaluate)
    evaluate.add_argument("--time-tolerance", type=float, default=2.5, metavar="S", help="seconds (default: 2.5)")
    evaluate.add_argument("--distance-tolerance", type=float, default=15.0, metavar="KM", help="km (default: 15)")
    evaluate.add_argument("--json", action="store_true", help="print JSON instead of a table")
    _debug(evaluate)
    evaluate.set_defaults(run=commands.evaluate)

    tensor = verbs.add_parser("tensor", help="the moment tensor of an event, from waveforms and Green's functions")
    tensor.add_argument("event", metavar="EVENT", help="a QuakeML file of one event, or an identifier (see --results)")
    tensor.add_argument("--results", type=Path, metavar="PATH", help="the catalog or output folder that holds EVENT")
    tensor.add_argument("--waveforms", required=True, nargs="+", type=Path, metavar="PATH", help="files or folders")
    _stations_of(tensor)
    tensor.add_argument("--greens", required=True, metavar="URL", help="a store of Green's functions")
    tensor.add_argument("--output", required=True, type=Path, metavar="DIR", help="where the results go")
    tensor.add_argument("--magnitude", type=float, metavar="M", help="chooses the band (default: that of the event)")
    tensor.add_argument(
        "--kind",
        choices=("deviatoric", "full", "double-couple"),
        help="default: deviatoric, or full where an F-test calls for an isotropic part",
    )
    _debug(tensor)
    tensor.set_defaults(run=commands.tensor)

    live = verbs.add_parser("live", help="a stream to picks and events, for ever, or until a replay ends")
    live.add_argument(
        "service",
        nargs="?",
        choices=("ingest", "pick", "associate", "publish"),
        help="one of the services of a live run on a bus; without it, all in one process",
    )
    live.add_argument("--bus", metavar="URL", help="nats://HOST:4222/NAME, for a service")
    live.add_argument("--store", metavar="URL", help="postgresql+psycopg://..., for services pick, associate, publish")
    live.add_argument("--peer", metavar="URL", help="the bus of another site with the same sources, for publish")
    live.add_argument("--standby", action="store_true", help="tell only where the other site is gone, for publish")
    live.add_argument(
        "--source",
        action="append",
        metavar="URL",
        help="seedlink://HOST:18000?streams=NET_*, replay:PATH?speed=20, folder:PATH, udp://GROUP:PORT, simulator:",
    )
    _stations_of(live, required=False)
    live.add_argument("--output", type=Path, metavar="DIR", help="where the results go")
    _parts(live, "picker", "velocity_model", "topography", "greens")
    live.add_argument("--metrics-port", type=int, metavar="N", help="serve /metrics for Prometheus on loopback")
    _flow(live)
    _debug(live)
    live.set_defaults(run=commands.live)

    gateway = verbs.add_parser(
        "gateway", help="a site's instruments to one cloud or two, through hours without network"
    )
    gateway.add_argument("--source", required=True, action="append", metavar="URL", help="as of wadati live")
    gateway.add_argument(
        "--to", required=True, action="append", metavar="URL", help="https://HOST/packets, once or twice"
    )
    gateway.add_argument("--spool", required=True, type=Path, metavar="DIR", help="where records wait")
    gateway.add_argument("--name", required=True, help="of this site")
    gateway.add_argument("--token-file", type=Path, metavar="FILE", help="holds the word that opens the cloud")
    gateway.add_argument("--bandwidth", type=float, default=1000.0, metavar="KBIT/S", help="to each (default: 1000)")
    gateway.add_argument("--spool-mb", type=float, default=2000.0, metavar="MB", help="at most (default: 2000)")
    _debug(gateway)
    gateway.set_defaults(run=commands.gateway)

    _campaigns(verbs)

    status = verbs.add_parser("status", help="how a live run or a campaign does")
    status.add_argument(
        "target",
        metavar="DIR|URL|FLOW",
        help="the output folder of wadati live, the bus of its services, or the flow of a campaign",
    )
    status.add_argument("--json", action="store_true", help="print JSON instead of tables")
    _debug(status)
    status.set_defaults(run=commands.status)

    serve = verbs.add_parser("serve", help="web services, feeds and picks of a catalog, for people and programs")
    serve.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="the output folder of a run")
    serve.add_argument("--host", default="127.0.0.1", help="who may reach it: 0.0.0.0 is everybody (default: loopback)")
    serve.add_argument("--port", type=int, default=8080, metavar="N", help="default: 8080; 0 takes a free one")
    _holdings(serve)
    serve.add_argument("--greens", metavar="URL", help="seismograms on demand, out of what wadati greens build made")
    _parts(serve, "picker")
    _flow(serve)
    _debug(serve)
    serve.set_defaults(run=serving.serve)

    site = verbs.add_parser("site", help="the public pages and feeds of a catalog as plain files, only what changed")
    site.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="the output folder of a run")
    site.add_argument("--to", required=True, metavar="URL", help="a folder, or s3://BUCKET/PREFIX, gs://..., az://...")
    site.add_argument("--follow", action="store_true", help="go on, and write again whenever something changes")
    _holdings(site)
    _flow(site)
    _debug(site)
    site.set_defaults(run=serving.site)

    token = verbs.add_parser("token", help="a word that opens what wadati serve does not give to everybody")
    token.add_argument("file", type=Path, metavar="FILE", help="where digests of tokens are kept; `tokens` of [serve]")
    token.add_argument("--name", required=True, help="whose it is")
    token.add_argument(
        "--scopes",
        default="picks",
        metavar="LIST",
        help="read, picks, review, restricted, audit, or a role: viewer, analyst, operator, admin (default: picks)",
    )
    token.add_argument("--days", type=float, default=90.0, metavar="N", help="until it is over (default: 90)")
    _debug(token)
    token.set_defaults(run=serving.token)

    backup = verbs.add_parser("backup", help="a catalog as one file, while others write")
    backup.add_argument("store", metavar="STORE", help="catalog.sqlite, or the URL of a database")
    backup.add_argument("--to", type=Path, metavar="FILE", help="default: standard output")
    _debug(backup)
    backup.set_defaults(run=commands.backup)

    restore = verbs.add_parser("restore", help="what backup wrote into an empty store")
    restore.add_argument("file", nargs="?", type=Path, metavar="FILE", help="default: standard input")
    restore.add_argument("--store", required=True, metavar="STORE", help="a new file, or the URL of an empty database")
    _debug(restore)
    restore.set_defaults(run=commands.restore)

    models = verbs.add_parser(
        "models", help="the networks there are, and the card of one", usage="%(prog)s [show NAME] [--json]"
    )
    models.add_argument(
        "show", nargs="*", metavar="show NAME", help="the card of a listed network or of neural:PATH.onnx"
    )
    models.add_argument("--json", action="store_true", help="print JSON instead of tables")
    _debug(models)
    models.set_defaults(run=commands.models)
    _greens(verbs)
    return top


def _campaigns(verbs: Any) -> None:
    plan = verbs.add_parser("plan", help="what a campaign over an archive will take: data, time, storage, dollars")
    plan.add_argument("--json", action="store_true", help="print JSON instead of tables")
    run = verbs.add_parser("run", help="a campaign: what is left of it, and its catalog")
    run.add_argument("--budget", type=float, metavar="DOLLARS", help="begin no shard that would pass it")
    run.add_argument(
        "--shard",
        metavar="NAME",
        help="one piece of work, for a batch system: a shard by name or number, array (that of the job's number), "
        "associate or finish",
    )
    retry = verbs.add_parser("retry", help="let the failed station-days of a campaign be done again by the next run")
    cancel = verbs.add_parser("cancel", help="let nobody begin another shard of a campaign")
    for verb, name in ((plan, "plan"), (run, "run"), (retry, "retry"), (cancel, "cancel")):
        verb.add_argument("flow", type=Path, metavar="FLOW", help="a TOML file with a [campaign], or env:NAME")
        if name in ("plan", "run"):
            verb.add_argument("--workers", type=int, metavar="N", help="processes (default: one a core)")
        _debug(verb)
        verb.set_defaults(run=commands.campaign)


def _greens(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    store = verbs.add_parser("greens", help="a store of Green's functions of a layered earth")
    store.add_argument("action", choices=("build", "import"), help="make it, or take it from a database of AxiSEM")
    store.add_argument(
        "origin", metavar="MODEL|DIR", help="a CSV of layers or the name of a published model; or a database's folder"
    )
    store.add_argument("--model", metavar="MODEL", help="of a database: what it is of")
    store.add_argument("--distances", required=True, metavar="KM", help="START:STOP:STEP, such as 5:200:1")
    store.add_argument("--depths", required=True, metavar="KM", help="START:STOP:STEP, such as 2:20:1")
    store.add_argument("--band", required=True, metavar="HZ", help="LOW:HIGH, such as 0.02:0.5")
    store.add_argument("--to", required=True, metavar="URL", help="a folder, or s3://BUCKET/PREFIX, gs://..., az://...")
    store.add_argument("--workers", type=int, metavar="N", help="programs at once (default: one a core)")
    _debug(store)
    store.set_defaults(run=greens.greens)

    synthetics = verbs.add_parser("synthetics", help="seismograms of sources at stations, from a store")
    synthetics.add_argument("--greens", required=True, metavar="URL", help="a store of Green's functions")
    _stations_of(synthetics)
    synthetics.add_argument("--output", required=True, type=Path, metavar="DIR", help="where the seismograms go")
    synthetics.add_argument("--latitude", type=float, metavar="DEG", help="of the source")
    synthetics.add_argument("--longitude", type=float, metavar="DEG", help="of the source")
    synthetics.add_argument("--depth", type=float, metavar="KM", help="of the source, below sea level")
    synthetics.add_argument("--time", default="2000-01-01T00:00:00Z", metavar="T", help="origin (default: 2000-01-01)")
    for name, words in (("strike", "of the fault"), ("dip", "of the fault"), ("rake", "of its slip")):
        synthetics.add_argument(f"--{name}", type=float, metavar="DEG", help=words)
    synthetics.add_argument("--magnitude", type=float, metavar="MW", help="moment magnitude")
    synthetics.add_argument(
        "--tensor",
        nargs=6,
        type=float,
        metavar=("NN", "EE", "DD", "NE", "ND", "ED"),
        help="a moment tensor in N m, in place of the fault; axes north, east, down",
    )
    synthetics.add_argument("--sources", type=Path, metavar="FILE", help="a CSV or QuakeML of sources, each for itself")
    synthetics.add_argument("--fault", type=Path, metavar="FILE", help="the same, as parts of one fault")
    synthetics.add_argument(
        "--source-time",
        default="step",
        metavar="SHAPE:S",
        help="step (default), boxcar:S, triangle:S, half-sine:S, or a CSV of time_s,moment_rate",
    )
    synthetics.add_argument(
        "--kind", default="displacement", choices=("displacement", "velocity", "acceleration"), help="m, m/s or m/s²"
    )
    synthetics.add_argument("--components", default="ZNE", choices=("ZNE", "ZRT"), help="default: ZNE")
    synthetics.add_argument(
        "--format", default="mseed", choices=("mseed", "sac", "zarr", "peaks"), help="default: mseed"
    )
    synthetics.add_argument(
        "--dask",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="in pieces on a Dask cluster, of its own without an address",
    )
    synthetics.add_argument("--plot", action="store_true", help="also a page a source, to look at: synthetics.html")
    synthetics.add_argument("--workers", type=int, metavar="N", help="threads (default: one a core)")
    _debug(synthetics)
    synthetics.set_defaults(run=greens.synthetics)


def _holdings(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--store", metavar="URL", help="a database in place of the catalog in the folder")
    _stations_of(verb, required=False)
    verb.add_argument(
        "--waveforms", nargs="+", default=[], metavar="PATH", help="also s3://, gs://, az://; default: those of the run"
    )


def _waveforms(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "waveforms", nargs="+", type=Path, metavar="WAVEFORMS", help="miniSEED, SAC, ... files, folders or SDS trees"
    )
    _stations_of(verb)
    verb.add_argument("--output", required=True, type=Path, metavar="DIR", help="where the results go")
    _span(verb)


def _stations_of(verb: argparse.ArgumentParser, *, required: bool = True) -> None:
    verb.add_argument(
        "--stations",
        required=required,
        type=Path,
        metavar="FILE|DIR",
        help="StationXML or station CSV, or a folder of them",
    )


def _tables(verb: argparse.ArgumentParser, name: str, words: str) -> None:
    verb.add_argument("input", nargs="?", type=Path, metavar=name, help=words)
    verb.add_argument(
        "--stations", type=Path, metavar="FILE|DIR", help="default: the one the stage before used (its run.json)"
    )
    verb.add_argument("--output", required=True, type=Path, metavar="DIR", help="where the results go")
    _flow(verb)
    _debug(verb)


def _span(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--start", metavar="T", help="from this time on (ISO 8601, UTC)")
    verb.add_argument("--end", metavar="T", help="before this time")


def _parts(verb: argparse.ArgumentParser, *names: str) -> None:
    if "picker" in names:
        verb.add_argument(
            "--picker",
            metavar="NAME",
            help="wadati (default), stalta, neural:PATH.onnx, seisbench:MODEL/WEIGHTS; see wadati models",
        )
    if "velocity_model" in names:
        verb.add_argument("--velocity-model", metavar="FILE", help="a CSV of layers, or the name of a published model")
    if "topography" in names:
        verb.add_argument("--topography", metavar="FILE", help="an ESRI ASCII grid: the ground above all hypocentres")
    if "greens" in names:
        verb.add_argument(
            "--greens", metavar="URL", help="a store of Green's functions: tensors of large events with it"
        )


def _running(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--workers", type=int, metavar="N", help="processes (default: one a core)")
    _flow(verb)
    _debug(verb)


def _flow(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--flow", type=Path, metavar="FILE", help="settings from a TOML file; other flags override it")


def _debug(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--debug", action="store_true", help="show the traceback of an error")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    options = parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except WadatiError as error:
        if options.debug:
            raise
        complain(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        complain("interrupted; files that were complete stay, run the same command again")
        return 130
    except ConnectionError as error:
        if options.debug:
            raise
        complain(f"{error}; check the address, and whether it runs")
        return 3
    except OSError as error:
        if options.debug:
            raise
        complain(
            f"{error.filename or 'the system'}: {error.strerror or error}; check the path, its rights and the disk"
        )
        return 3
    except Exception as error:
        if options.debug:
            raise
        complain(f"unexpected {type(error).__name__}: {error}; please report it, with what --debug shows")
        return 3
    return code


def run() -> None:
    """The entry point of the `wadati` program."""
    sys.exit(main())


if __name__ == "__main__":
    run()
