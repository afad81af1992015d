"""From windows of samples to phase curves."""
