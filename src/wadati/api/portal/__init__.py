"""The portal: an application in the browser for people who watch a network, its files and its data."""
