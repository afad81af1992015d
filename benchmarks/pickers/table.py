"""What was judged, as lines for a terminal, and whether it is enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.pickers.scoring import SHARES

LIMIT = -0.02
"""How far the lower bound of a paired difference may lie below zero."""

BIAS_MS = {"P": 5.0, "S": 15.0}
"""How far the mean residual may be from zero."""

_NEAR = tuple(name for name in SHARES if "whole" not in name)


def show(result: Mapping[str, Any]) -> Iterator[str]:
    """All tables; differences are ours minus the rival's, with 95 % intervals."""
    for side in ("ours", "rival"):
        yield f"{side}: {result[side]['name']} {result[side]['thresholds']}"
    for name, part in result["labelled"].items():
        yield f"\n{name}: {part['windows']} windows, {part['records']} records"
        yield from _labelled(part)
    yield "\nquiet records, false picks an hour at own thresholds"
    for name, row in result["quiet"]["at own thresholds, false picks an hour"].items():
        for phase in "PS":
            yield _line(f"{phase} {name} ({row['hours']} h)", row[phase], digits=2)
    for pool, part in result["quiet"].items():
        if "hours" in part:
            yield f"\nat equal recall or equal false picks, quiet: {pool} ({part['hours']} h)"
            yield from _matched(part)
    yield "\nrobustness: ours/rival, and the mean difference of the six"
    yield from _robustness(result["robustness"])
    yield "\nreliability (mean height: share right (picks))"
    yield from _reliability(result["reliability"])
    yield "\nmissed: windows (records missed by ours, by the rival)"
    for key, windows in result["missed"].items():
        pairs = (f"{name.partition('/')[2]} {a},{b}" for name, (a, b) in windows.items())
        yield f"  {key}: {'; '.join(pairs) or 'none'}"
    yield "\nenough?"
    for words, good in verdicts(result):
        yield f"  {'yes' if good else 'NO':<4} {words}"
    yield f"\n{result['cpu_seconds']} CPU-s"


def _labelled(part: Mapping[str, Any]) -> Iterator[str]:
    for key, one in part["differences"].items():
        yield _line(key, one, digits=1 if "residual" in key else 3)
    for side, phases in part["residuals (ms)"].items():
        for phase, values in phases.items():
            yield f"  {side:<6}{phase} residual (ms): " + ", ".join(f"{key} {value}" for key, value in values.items())


def _robustness(rows: Mapping[str, Any]) -> Iterator[str]:
    heads = (name.replace("recall ", "").replace("precision near", "prec") for name in _NEAR)
    yield f"  {'':<31}" + "".join(f"{head:^12}" for head in heads)
    for name, part in rows.items():
        cells = (part["differences"][key] for key in _NEAR)
        mean = part["differences"]["mean of shares"]
        yield (
            f"  {name:<31}"
            + "".join(f"{_share(one['ours'])}/{_share(one['rival'])}".center(12) for one in cells)
            + f" {mean['ours'] - mean['rival']:+.3f} [{mean['low']:+.3f}, {mean['high']:+.3f}] n={part['windows']}"
        )


def _reliability(sides: Mapping[str, Any]) -> Iterator[str]:
    for side, phases in sides.items():
        for phase, rows in phases.items():
            yield f"  {side:<6}{phase}: " + "  ".join(f"{mean:.2f}: {share:.2f} ({n})" for mean, share, n in rows)


def _matched(part: Mapping[str, Any]) -> Iterator[str]:
    for phase in "PS":
        for at, values in part[phase].items():
            if "recall" in values:
                yield "  {} {}: recall {:.3f} and {:.3f}".format(phase, at, *values["recall"])
            for key, one in values.items():
                if isinstance(one, dict):
                    yield _line(f"{phase} {at}: {key}", one, digits=2 if "hour" in key else 3)


def verdicts(result: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Each thing asked of ours, in words, and whether it holds."""
    for name, part in result["labelled"].items():
        chosen = dict(part["differences"])
        if name == "Northern California":
            for phase in "PS":
                clean = result["quiet"]["held back"][phase]["at rival's recall"]["clean half minutes"]
                chosen[f"{phase} clean half minutes at equal recall"] = clean
                for_bias = chosen[f"{phase} mean residual (ms)"]["ours"]
                yield f"{name}: {phase} mean residual {for_bias:+.1f} ms", abs(for_bias) <= BIAS_MS[phase]
        unasked = "residual", "mean of shares", *(("0.1 s",) if name == "Uturuncu" else ())
        shares = {key: one for key, one in chosen.items() if not any(word in key for word in unasked)}
        for key, one in shares.items():
            yield f"{name}: {key}: lower bound {one['low']:+.3f} (at least {LIMIT})", one["low"] >= LIMIT
        mean = sum(one["ours"] - one["rival"] for one in shares.values()) / len(shares)
        yield f"{name}: mean of all {mean:+.4f}", mean > 0
    for name, part in result["robustness"].items():
        mean = part["differences"]["mean of shares"]
        ahead = mean["ours"] - mean["rival"]
        yield f"{name}: mean of recall and precision {ahead:+.3f}", ahead > 0


def _line(name: str, one: Mapping[str, Any], digits: int) -> str:
    between = one["ours"] - one["rival"]
    return (
        f"  {name:<58}{one['ours']:>9.{digits}f}{one['rival']:>9.{digits}f}"
        f"{between:>+9.{digits}f} [{one['low']:+.{digits}f}, {one['high']:+.{digits}f}] n={one['n']}"
    )


def _share(value: float) -> str:
    return f"{value:.2f}".replace("0.", ".", 1)
