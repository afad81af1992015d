"""The demonstration: a simulated network with known truth, the whole chain, and a scorecard against the truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wadati.engine.flow import Flow
from wadati.engine.ledger import Ledger
from wadati.engine.local import DEFAULTS, SILENT, PathLike, run_chain
from wadati.engine.outputs import Outputs
from wadati.engine.progress import Progress
from wadati.engine.tensor import open_greens
from wadati.evaluation.coverage import UncertaintyCoverage
from wadati.evaluation.coverage import coverage as coverage_of
from wadati.evaluation.evaluate import Evaluation, evaluate
from wadati.evaluation.table import coverage_rows, rows
from wadati.model import Catalog
from wadati.synthetics.scenario import Scenario, SnrDistribution, simulate

RECORDED_P = 6
"""An event has to be found where so many stations recorded its P wave."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demonstration gives: catalog, truth, and how the one does beside the other.

    `evaluation` counts recall over the events that had to be found; a match with any true event is no false one.
    """

    catalog: Catalog
    truth: Catalog
    evaluation: Evaluation
    uncertainty: UncertaintyCoverage
    snr: tuple[SnrDistribution, ...]
    ledger: Ledger

    @property
    def scorecard(self) -> list[tuple[str, str]]:
        """What was measured, and how much, one a row."""
        lines = [(f"true events, {RECORDED_P} or more recorded P", str(self.evaluation.recall.total))]
        for distribution in self.snr:
            deciles = " ".join(f"{value:.2g}" for value in distribution.deciles)
            recorded = f"{distribution.recorded} of {distribution.count}"
            lines.append((f"{distribution.phase} recorded (SNR ≥ 3); deciles of SNR", f"{recorded}; {deciles}"))
        return [*lines, *rows(self.evaluation), *coverage_rows(self.uncertainty)]


def demo(output: PathLike, *, seed: int = 1, flow: Flow = DEFAULTS, progress: Progress = SILENT) -> Demo:
    """Simulate a network, write its records into `output`, run the chain over them and score the result.

    Where the flow names Green's functions, the long periods of larger events are theirs, and their tensors are sought.
    The folder then holds `waveforms/`, `stations.xml`, `truth.csv` and all that `wadati catalog` writes.
    """
    flow.check("pickers", "associators", "locators", "attenuation")
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    progress.start("simulate", 1)
    greens = None if flow.tensor.greens is None else open_greens(flow.tensor.greens)
    scenario = simulate(seed, greens=greens)
    scenario.write(folder)
    progress.step("simulate")
    progress.finish("simulate", f"{len(scenario.truth)} earthquakes at {len(scenario.inventory.stations())} stations")
    ledger = Ledger()
    outputs = Outputs(folder, "demo", flow, ledger, scenario.inventory, folder / "stations.xml")
    chain = run_chain(folder / "waveforms", scenario.inventory, flow, ledger, progress, outputs)
    published = outputs.publish(chain.catalog)
    evaluation = _score(published, scenario)
    outputs.write_whole(published, chain.source, progress, truth=scenario.truth, evaluation=evaluation)
    uncertainty = coverage_of(published, scenario.truth, evaluation.matches)
    return Demo(published, scenario.truth, evaluation, uncertainty, scenario.snr_distribution(), ledger)


def _score(catalog: Catalog, scenario: Scenario) -> Evaluation:
    required = {event.event_id for event in scenario.well_recorded(RECORDED_P)}
    return evaluate(catalog, scenario.truth, required=required)
