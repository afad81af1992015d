"""The tables of a catalog. Instants are BIGINT nanoseconds UTC; columns in SI units as in the model.

`number` of an event counts in order of first publication. An event that is not `current` was retired or merged: its
row and its last origins stay so that its name can never be given to something else. An origin or magnitude without a
`position` is superseded; the `preferred` origin is the one that stands for its event. Arrivals refer to picks by
identifier alone: picks may be kept elsewhere.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

REVISION = "0004"
"""The migration that makes these tables."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

writer = Table(
    "writer",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("published", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False, server_default="0"),
)
"""One row: whoever changes the catalog holds it; `published` counts the events named so far, `revision` the changes."""

events = Table(
    "events",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("current", Boolean, nullable=False),
    Column("event_type", String, nullable=False),
    Column("preferred_origin_id", String),
    Column("preferred_magnitude_id", String),
)

summaries = Table(
    "summaries",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("current", Boolean, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("updated", BigInteger),
    Column("time", BigInteger, nullable=False),
    Column("latitude", Double, nullable=False),
    Column("longitude", Double, nullable=False),
    Column("depth", Double, nullable=False),
    Column("magnitude", Double),
    Column("magnitude_type", String),
    Column("event_type", String, nullable=False),
    Column("evaluation_mode", String, nullable=False),
    Column("evaluation_status", String, nullable=False),
    Column("arrivals", Integer, nullable=False),
    Column("used_stations", Integer, nullable=False),
    Column("minimum_distance", Double),
    Column("azimuthal_gap", Double),
    Column("standard_error", Double),
    ForeignKeyConstraint(["event_id"], ["events.event_id"]),
    Index(None, "number"),
    Index(None, "revision"),
)
"""What searches need of each event, in one row; `revision` is the change of the catalog that it last came from."""

aliases = Table(
    "aliases",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("alias", String, primary_key=True),
    Column("position", Integer, nullable=False),
    ForeignKeyConstraint(["event_id"], ["events.event_id"]),
    Index(None, "alias"),
)

origins = Table(
    "origins",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("origin_id", String, primary_key=True),
    Column("position", Integer),
    Column("preferred", Boolean, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("latitude", Double, nullable=False),
    Column("longitude", Double, nullable=False),
    Column("depth", Double, nullable=False),
    Column("azimuthal_gap", Double),
    Column("standard_error", Double),
    Column("earth_model", String, nullable=False),
    Column("method", String, nullable=False),
    Column("evaluation_mode", String, nullable=False),
    Column("evaluation_status", String, nullable=False),
    Column("covariance", Text),
    Column("semi_major", Double),
    Column("semi_minor", Double),
    Column("semi_major_azimuth", Double),
    Column("depth_95", Double),
    Column("time_95", Double),
    Column("depth_resolved", Boolean),
    ForeignKeyConstraint(["event_id"], ["events.event_id"]),
    Index(None, "time"),
)

arrivals = Table(
    "arrivals",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("origin_id", String, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("pick_id", String, nullable=False),
    Column("network", String, nullable=False),
    Column("station", String, nullable=False),
    Column("phase", String, nullable=False),
    Column("distance", Double),
    Column("azimuth", Double),
    Column("time_residual", Double),
    Column("weight", Double, nullable=False),
    ForeignKeyConstraint(["event_id", "origin_id"], ["origins.event_id", "origins.origin_id"]),
    Index(None, "pick_id"),
)

magnitudes = Table(
    "magnitudes",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("magnitude_id", String, primary_key=True),
    Column("position", Integer),
    Column("origin_id", String, nullable=False),
    Column("magnitude_type", String, nullable=False),
    Column("value", Double, nullable=False),
    Column("uncertainty", Double),
    Column("saturated", Boolean, nullable=False),
    Column("method", String, nullable=False),
    ForeignKeyConstraint(["event_id"], ["events.event_id"]),
)

station_magnitudes = Table(
    "station_magnitudes",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("magnitude_id", String, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("source_id", String, nullable=False),
    Column("magnitude_type", String, nullable=False),
    Column("value", Double, nullable=False),
    Column("amplitude", Double, nullable=False),
    Column("weight", Double, nullable=False),
    ForeignKeyConstraint(["event_id", "magnitude_id"], ["magnitudes.event_id", "magnitudes.magnitude_id"]),
)

mechanisms = Table(
    "mechanisms",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("mechanism_id", String, primary_key=True),
    Column("position", Integer),
    Column("preferred", Boolean, nullable=False),
    Column("content", Text, nullable=False),
    ForeignKeyConstraint(["event_id"], ["events.event_id"]),
)
"""Focal mechanisms (JSON of `FocalMechanism`); one without a `position` is superseded."""

picks = Table(
    "picks",
    metadata,
    Column("pick_id", String, primary_key=True),
    Column("source_id", String, nullable=False),
    Column("phase_hint", String, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("time_uncertainty", Double, nullable=False),
    Column("probability", Double, nullable=False),
    Column("polarity", String),
    Column("amplitude", Double),
    Column("method", String, nullable=False),
    Column("evaluation_mode", String, nullable=False),
    Index(None, "time"),
)

reviews = Table(
    "reviews",
    metadata,
    Column("review_id", String, primary_key=True),
    Column("event_id", String, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("content", Text, nullable=False),
    Index(None, "event_id"),
)
"""What analysts said (JSON of `Review`), of events by the name that they had then; it outlasts every new run."""

coverage = Table(
    "coverage",
    metadata,
    Column("unit", String, primary_key=True),
    Column("status", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("band", String, nullable=False),
    Column("picks", Integer, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("record", Text, nullable=False),
)

early_picks = Table(
    "early_picks",
    metadata,
    *(Column(column.name, column.type, primary_key=column.primary_key, nullable=column.nullable) for column in picks.c),
    Column("stored", BigInteger, nullable=False),
    Column("outcome", String),
    Index(None, "time"),
    Index(None, "stored"),
)

final_picks = Table(
    "final_picks",
    metadata,
    Column("pick_id", String, primary_key=True),
    Column("stored", BigInteger, nullable=False),
    Index(None, "stored"),
)
"""When a live run put down its final picks, for who listens; as long as early picks are kept."""

withdrawn_picks = Table("withdrawn_picks", metadata, Column("pick_id", String, primary_key=True))

event_versions = Table(
    "event_versions",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("state", String, nullable=False),
    Column("stored", BigInteger, nullable=False),
    Column("message", Text, nullable=False),
    Index(None, "stored"),
)

live_state = Table(
    "live_state",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Text, nullable=False),
)
