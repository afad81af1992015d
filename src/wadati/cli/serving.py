"""`wadati serve`, `wadati site` and `wadati token`: a catalog for people and programs."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from wadati.cli.options import flow_of
from wadati.cli.terminal import PARTLY_FAILED, TerminalProgress, complain, complain_of

_TOLD = 20
"""Problems that are told one by one; a site tells the rest the next time."""


def serve(options: argparse.Namespace) -> int:
    """`wadati serve DIR`."""
    from wadati.api.app import application
    from wadati.api.holdings import open_holdings
    from wadati.api.picks import PicksService
    from wadati.api.server import Server

    flow = flow_of(options)
    holdings = open_holdings(
        options.folder, flow, store=options.store, stations=options.stations, waveforms=options.waveforms
    )
    complain_of(holdings.problems())
    synthetics = None
    if options.greens is not None:
        from wadati.api.synthetics import SyntheticsService
        from wadati.engine.synthetics.jobs import SyntheticsJobs
        from wadati.engine.synthetics.piece import held

        made = SyntheticsJobs(
            (options.folder or Path()) / "synthetics", options.greens, flow.compute, flow.workers or os.cpu_count() or 1
        )
        synthetics = SyntheticsService(holdings, held(options.greens), made)
    jobs = (options.folder or Path()) / "jobs"
    picks = PicksService([flow.picker, *flow.serve.pickers], jobs)
    server = Server(application(holdings, picks, synthetics), options.host, options.port, flow.serve.proxies)
    if not flow.serve.tokens and options.host not in ("127.0.0.1", "::1", "localhost"):
        complain("whoever reaches this port may send waveforms; see wadati token")
    print(f"{server.address}: {holdings.words()}", flush=True)
    server.run()
    return 0


def site(options: argparse.Namespace) -> int:
    """`wadati site DIR --to URL`."""
    import signal
    import threading

    from wadati.api.current import Current
    from wadati.api.holdings import open_holdings
    from wadati.api.site import Site
    from wadati.cli.terminal import LogLines
    from wadati.store.objects import open_place

    flow = flow_of(options)
    holdings = open_holdings(
        options.folder, flow, store=options.store, stations=options.stations, waveforms=options.waveforms
    )
    current = Current(holdings.store, holdings.authority)
    if not flow.serve.url:
        complain("links in feeds begin at the root of the host; say url under [serve] of --flow where it is another")
    try:
        pages = Site(holdings, current, open_place(options.to), flow.serve.url)
        if options.follow:
            stop = threading.Event()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
            pages.follow(stop, LogLines())
            return 0
        current.look()
        with TerminalProgress() as progress:
            progress.start("pages", 1)
            written = pages.write()
            progress.step("pages")
            progress.finish("pages", options.to)
    finally:
        current.close()
        holdings.close()
    for problem in pages.problems[:_TOLD]:
        complain(problem)
    print(f"{written} files written: {options.to}")
    return PARTLY_FAILED if pages.problems else 0


def token(options: argparse.Namespace) -> int:
    """`wadati token FILE`."""
    from wadati.api.tokens import new_token

    print(new_token(options.file, options.name, tuple(options.scopes.split(",")), options.days))
    complain("this word is told only now; give it as Authorization: Bearer WORD")
    return 0
