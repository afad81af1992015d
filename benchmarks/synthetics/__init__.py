"""Seismograms a second out of a store that no cache holds, beside pyrocko.gf; PyGRT beside pyprop8."""
