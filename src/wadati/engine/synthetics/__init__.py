"""Seismograms of sources: at once, as an answer over HTTP, or as a job in pieces."""
