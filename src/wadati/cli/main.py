"""The command line: `wadati COMMAND ...`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import wadati
from wadati.cli import commands
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
    _parts(demo, "picker", "velocity_model")
    _running(demo)
    demo.set_defaults(run=commands.demo)

    catalog = verbs.add_parser("catalog", help="waveforms to a catalog and a report: the whole chain")
    _waveforms(catalog)
    _parts(catalog, "picker", "velocity_model", "topography")
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
    _parts(live, "picker", "velocity_model", "topography")
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

    status = verbs.add_parser("status", help="how a live run does")
    status.add_argument(
        "target", metavar="DIR|URL", help="the output folder of wadati live, or the bus of its services"
    )
    status.add_argument("--json", action="store_true", help="print JSON instead of tables")
    _debug(status)
    status.set_defaults(run=commands.status)

    serve = verbs.add_parser("serve", help="web services, feeds and picks of a catalog, for people and programs")
    serve.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="the output folder of a run")
    serve.add_argument("--host", default="127.0.0.1", help="who may reach it: 0.0.0.0 is everybody (default: loopback)")
    serve.add_argument("--port", type=int, default=8080, metavar="N", help="default: 8080; 0 takes a free one")
    _holdings(serve)
    _parts(serve, "picker")
    _flow(serve)
    _debug(serve)
    serve.set_defaults(run=commands.serve)

    site = verbs.add_parser("site", help="the public pages and feeds of a catalog as plain files, only what changed")
    site.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="the output folder of a run")
    site.add_argument("--to", required=True, metavar="URL", help="a folder, or s3://BUCKET/PREFIX, gs://..., az://...")
    site.add_argument("--follow", action="store_true", help="go on, and write again whenever something changes")
    _holdings(site)
    _flow(site)
    _debug(site)
    site.set_defaults(run=commands.site)

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
    token.set_defaults(run=commands.token)

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
    return top


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
