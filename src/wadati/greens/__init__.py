"""Green's functions of an earth: made, stored, and turned into seismograms of a source."""
