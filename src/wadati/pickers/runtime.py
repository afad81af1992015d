"""What runs a network: ONNX Runtime, or OpenVINO where it is installed and gives the same. Both on one thread.

Installing `wadati[openvino]` is the choice; there is no setting. ONNX Runtime opens and tries every network first, so
that a network is refused for the same reasons everywhere; OpenVINO then takes it over if its answers to windows of
noise are those of ONNX Runtime. Parallel work is done by processes, not within one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wadati.errors import InputError

Array = npt.NDArray[np.float32]

AGREEMENT = 1e-5
"""The farthest that OpenVINO's answers to windows of noise may be from those of ONNX Runtime."""

BATCH = 16
"""Batches of this many windows are compiled for that size, which is some 5 % faster; any other size will do."""

_PACKAGES = {"OpenVINO": "openvino", "ONNX Runtime": "onnxruntime"}


@dataclass(frozen=True, slots=True)
class Network:
    """A network that is open: `run` gives all outputs, named `outputs`, for one input; `runtime` is what runs it.

    `run` raises `ValueError` for windows that the network cannot take.
    """

    run: Callable[[Array], Sequence[Array]]
    outputs: tuple[str, ...]
    runtime: str


def installed() -> tuple[str, ...]:
    """The runtimes there are, with their versions, the one that is tried first in front.

    >>> installed()[-1].startswith("ONNX Runtime ")
    True
    """
    found = []
    for name, package in _PACKAGES.items():
        try:
            found.append(f"{name} {version(package)}")
        except PackageNotFoundError:
            continue
    return tuple(found)


def open_network(path: Path, samples: int) -> Network:
    """The network of an ONNX file in ONNX Runtime, for windows of `samples` where it leaves that free (a dimension
    called `sample`). Raises `InputError` where it is none with one input.
    """
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as states

    # ONNX Runtime has one exception class for each status code, and no base class of its own.
    failures = tuple(one for one in vars(states).values() if isinstance(one, type) and issubclass(one, Exception))
    # Where a damaged network has spoilt its messages or the Python side finds fault, there are Python's own errors.
    failures += (ValueError, RuntimeError)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # What the shapes say can be computed beforehand is then: the answers are those of a network of fixed length.
    options.add_free_dimension_override_by_name("sample", samples)
    if not path.is_file():
        raise InputError(path, "is not there", "give the path of an .onnx file: neural:PATH.onnx")
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"], enable_fallback=0)
    except failures as error:
        raise InputError(path, f"is not a network ONNX Runtime can run ({error})", "export it again") from error
    inputs = session.get_inputs()
    if len(inputs) != 1:
        raise InputError(path, f"has {len(inputs)} inputs", "export it with one, (window, component, sample)")

    def run(windows: Array) -> list[Array]:
        try:
            return [np.asarray(one, np.float32) for one in session.run(None, {inputs[0].name: windows})]
        except failures as error:
            raise ValueError(str(error)) from error

    return Network(run, tuple(output.name for output in session.get_outputs()), installed()[-1])


def fastest(network: Network, path: Path, shape: tuple[int, int]) -> Network:
    """The network in OpenVINO where that is installed and agrees, else as it is; `shape` is (component, sample)."""
    try:
        import openvino
    except ImportError:
        return network
    core = openvino.Core()
    # Workers are processes, which must not all be pinned to the first core.
    settings = {
        "INFERENCE_NUM_THREADS": 1,
        "NUM_STREAMS": 1,
        "INFERENCE_PRECISION_HINT": "f32",
        "ENABLE_CPU_PINNING": False,
    }

    def compiled(count: int) -> Any:
        model = core.read_model(path)
        model.reshape([count, *shape])
        return core.compile_model(model, "CPU", settings).create_infer_request()

    def run(windows: Array) -> list[Array]:
        request = full if len(windows) == BATCH else other
        request.infer({0: windows}, share_inputs=True)
        return [np.array(request.get_output_tensor(k).data, np.float32) for k in range(len(network.outputs))]

    windows = np.random.default_rng(0).normal(size=(BATCH, *shape)).astype(np.float32)
    try:
        full, other = compiled(BATCH), compiled(-1)
        same = all(
            np.allclose(theirs, ours, rtol=0, atol=AGREEMENT)
            for some in (windows, windows[:1])
            for theirs, ours in zip(run(some), network.run(some), strict=True)
        )
    except (RuntimeError, ValueError):
        return network
    return Network(run, network.outputs, installed()[0]) if same else network
