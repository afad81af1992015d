"""One row an event for searches, a count of changes of the catalog, early picks by when they were stored."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_FILL = """
INSERT INTO summaries (
    event_id, number, current, revision, time, latitude, longitude, depth, magnitude, magnitude_type, event_type,
    evaluation_mode, evaluation_status, arrivals, used_stations, minimum_distance, azimuthal_gap, standard_error
)
SELECT
    e.event_id, e.number, e.current, 0, o.time, o.latitude, o.longitude, o.depth, m.value, m.magnitude_type,
    e.event_type, o.evaluation_mode, o.evaluation_status,
    (SELECT count(*) FROM arrivals a WHERE a.event_id = o.event_id AND a.origin_id = o.origin_id),
    (SELECT count(DISTINCT a.network || '.' || a.station) FROM arrivals a
     WHERE a.event_id = o.event_id AND a.origin_id = o.origin_id AND a.weight > 0),
    (SELECT min(a.distance) FROM arrivals a
     WHERE a.event_id = o.event_id AND a.origin_id = o.origin_id AND a.weight > 0),
    o.azimuthal_gap, o.standard_error
FROM events e
JOIN origins o ON o.event_id = e.event_id AND o.preferred
LEFT JOIN magnitudes m ON m.event_id = e.event_id AND m.magnitude_id = e.preferred_magnitude_id
"""


def upgrade() -> None:
    """Make the table, and fill it from what is there."""
    op.add_column("writer", sa.Column("revision", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_table(
        "summaries",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger()),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=False),
        sa.Column("longitude", sa.Double(), nullable=False),
        sa.Column("depth", sa.Double(), nullable=False),
        sa.Column("magnitude", sa.Double()),
        sa.Column("magnitude_type", sa.String()),
        sa.Column("event_type", sa.String(), nullable=False),
        sa.Column("evaluation_mode", sa.String(), nullable=False),
        sa.Column("evaluation_status", sa.String(), nullable=False),
        sa.Column("arrivals", sa.Integer(), nullable=False),
        sa.Column("used_stations", sa.Integer(), nullable=False),
        sa.Column("minimum_distance", sa.Double()),
        sa.Column("azimuthal_gap", sa.Double()),
        sa.Column("standard_error", sa.Double()),
        sa.PrimaryKeyConstraint("event_id", name="pk_summaries"),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"], name="fk_summaries_events"),
    )
    op.create_index("ix_summaries_number", "summaries", ["number"])
    op.create_index("ix_summaries_revision", "summaries", ["revision"])
    op.execute(_FILL)
    op.create_index("ix_early_picks_stored", "early_picks", ["stored"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_index("ix_early_picks_stored", "early_picks")
    op.drop_table("summaries")
    with op.batch_alter_table("writer") as batch:
        batch.drop_column("revision")
