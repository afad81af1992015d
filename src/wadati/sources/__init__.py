"""Where waveforms come from."""
