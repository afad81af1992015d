"""Moment tensors and mechanisms of events: from waveforms, and from first motions."""
