"""What analysts said of events, focal mechanisms, and when final picks were put down."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "reviews",
        sa.Column("review_id", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("review_id", name="pk_reviews"),
    )
    op.create_index("ix_reviews_event_id", "reviews", ["event_id"])
    op.create_table(
        "mechanisms",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("mechanism_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer()),
        sa.Column("preferred", sa.Boolean(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "mechanism_id", name="pk_mechanisms"),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"], name="fk_mechanisms_events"),
    )
    op.create_table(
        "final_picks",
        sa.Column("pick_id", sa.String(), nullable=False),
        sa.Column("stored", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pick_id", name="pk_final_picks"),
    )
    op.create_index("ix_final_picks_stored", "final_picks", ["stored"])


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("final_picks")
    op.drop_table("mechanisms")
    op.drop_table("reviews")
