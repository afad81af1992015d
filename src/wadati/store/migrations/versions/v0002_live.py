"""What a live run logs: early picks, final picks taken back, versions of events, state."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "early_picks",
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
        sa.Column("stored", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String()),
        sa.PrimaryKeyConstraint("pick_id", name="pk_early_picks"),
    )
    op.create_index("ix_early_picks_time", "early_picks", ["time"])
    op.create_table(
        "withdrawn_picks",
        sa.Column("pick_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("pick_id", name="pk_withdrawn_picks"),
    )
    op.create_table(
        "event_versions",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("stored", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "version", name="pk_event_versions"),
    )
    op.create_index("ix_event_versions_stored", "event_versions", ["stored"])
    op.create_table(
        "live_state",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_live_state"),
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("live_state", "event_versions", "withdrawn_picks", "early_picks"):
        op.drop_table(table)
