"""Where and when, with what uncertainty."""
