"""The first tables: events with origins, arrivals and magnitudes; picks; coverage; runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "writer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("published", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_writer"),
    )
    op.create_table(
        "events",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("event_type", sa.String(), nullable=False),
        sa.Column("preferred_origin_id", sa.String()),
        sa.Column("preferred_magnitude_id", sa.String()),
        sa.PrimaryKeyConstraint("event_id", name="pk_events"),
    )
    op.create_table(
        "aliases",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("alias", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "alias", name="pk_aliases"),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"], name="fk_aliases_events"),
    )
    op.create_index("ix_aliases_alias", "aliases", ["alias"])
    op.create_table(
        "origins",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("origin_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer()),
        sa.Column("preferred", sa.Boolean(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=False),
        sa.Column("longitude", sa.Double(), nullable=False),
        sa.Column("depth", sa.Double(), nullable=False),
        sa.Column("azimuthal_gap", sa.Double()),
        sa.Column("standard_error", sa.Double()),
        sa.Column("earth_model", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("evaluation_mode", sa.String(), nullable=False),
        sa.Column("evaluation_status", sa.String(), nullable=False),
        sa.Column("covariance", sa.Text()),
        sa.Column("semi_major", sa.Double()),
        sa.Column("semi_minor", sa.Double()),
        sa.Column("semi_major_azimuth", sa.Double()),
        sa.Column("depth_95", sa.Double()),
        sa.Column("time_95", sa.Double()),
        sa.Column("depth_resolved", sa.Boolean()),
        sa.PrimaryKeyConstraint("event_id", "origin_id", name="pk_origins"),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"], name="fk_origins_events"),
    )
    op.create_index("ix_origins_time", "origins", ["time"])
    op.create_table(
        "arrivals",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("origin_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("pick_id", sa.String(), nullable=False),
        sa.Column("network", sa.String(), nullable=False),
        sa.Column("station", sa.String(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("distance", sa.Double()),
        sa.Column("azimuth", sa.Double()),
        sa.Column("time_residual", sa.Double()),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "origin_id", "position", name="pk_arrivals"),
        sa.ForeignKeyConstraint(
            ["event_id", "origin_id"], ["origins.event_id", "origins.origin_id"], name="fk_arrivals_origins"
        ),
    )
    op.create_index("ix_arrivals_pick_id", "arrivals", ["pick_id"])
    op.create_table(
        "magnitudes",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("magnitude_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer()),
        sa.Column("origin_id", sa.String(), nullable=False),
        sa.Column("magnitude_type", sa.String(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("uncertainty", sa.Double()),
        sa.Column("saturated", sa.Boolean(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "magnitude_id", name="pk_magnitudes"),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"], name="fk_magnitudes_events"),
    )
    op.create_table(
        "station_magnitudes",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("magnitude_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("magnitude_type", sa.String(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("amplitude", sa.Double(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "magnitude_id", "position", name="pk_station_magnitudes"),
        sa.ForeignKeyConstraint(
            ["event_id", "magnitude_id"],
            ["magnitudes.event_id", "magnitudes.magnitude_id"],
            name="fk_station_magnitudes_magnitudes",
        ),
    )
    op.create_table(
        "picks",
        sa.Column("pick_id", sa.String(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("phase_hint", sa.String(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("time_uncertainty", sa.Double(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("polarity", sa.String()),
        sa.Column("amplitude", sa.Double()),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("evaluation_mode", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("pick_id", name="pk_picks"),
    )
    op.create_index("ix_picks_time", "picks", ["time"])
    op.create_table(
        "coverage",
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("band", sa.String(), nullable=False),
        sa.Column("picks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("unit", name="pk_coverage"),
    )
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_runs"),
    )
    op.execute("INSERT INTO writer (id, published) VALUES (1, 0)")


def downgrade() -> None:
    """Drop the tables."""
    for table in (
        "runs",
        "coverage",
        "picks",
        "station_magnitudes",
        "magnitudes",
        "arrivals",
        "origins",
        "aliases",
        "events",
        "writer",
    ):
        op.drop_table(table)
