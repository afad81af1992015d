"""Messages between the parts of a network that never stops, and who hears them."""
