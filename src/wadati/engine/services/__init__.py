"""The live run as services on a durable bus, any number of each: ingest, pick, associate, publish.

    sources ─▶ ingest ─▶ packets ─▶ pick ─▶ ticks ─▶ associate ─▶ events ─▶ publish ─▶ listeners
                                      │                  │
                                      └───── store ──────┘

The packets on the bus are what the journal is to the one process. A service that is interrupted, whatever by, begins
again from what the store and the bus have; everything it writes can be written twice.
"""
