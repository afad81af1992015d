"""The live runner under load: real records multiplied to many stations, sent by SeedLink in real time."""
