"""Wadati: from continuous waveforms to an earthquake catalog."""

from __future__ import annotations

__version__ = "0.1.0"
