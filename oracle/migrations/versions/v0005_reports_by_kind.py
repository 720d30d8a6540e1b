"""An index of the provider's reports by kind: bounces and complaints are counted all the time.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create it."""
    op.create_index("ix_mail_events_kind_stored_at", "mail_events", ["kind", "stored_at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_mail_events_kind_stored_at", "mail_events")
