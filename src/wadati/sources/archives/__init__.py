"""Archives of any size: from station, channel and day to what lies there, by rule."""
