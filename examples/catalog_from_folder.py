"""From a folder of waveforms to a table of events, with a simulated network in place of yours.

Run it anywhere: `python catalog_from_folder.py`. It writes `network/` and `out/` into the working directory.
"""

from pathlib import Path

import wadati
from wadati.synthetics.scenario import simulate


def main() -> None:
    """Simulate ten stations for five minutes, write them as files, and make a catalog of the files."""
    folder = Path("network")
    simulate(3, stations=10, minutes=5).write(folder)

    result = wadati.catalog(folder / "waveforms", folder / "stations.xml", "out")
    frame = result.catalog.to_dataframe()
    print(frame[["time", "latitude", "longitude", "depth_km", "magnitude"]].to_string(index=False))

    score = wadati.evaluate(result.catalog, folder / "truth.csv")
    print(f"{score.recall.count} of {score.recall.total} true events found, {len(score.unmatched)} others")


if __name__ == "__main__":
    main()
