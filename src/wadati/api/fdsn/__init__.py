"""The web services of the FDSN: event, station, dataselect."""
