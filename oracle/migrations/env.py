"""Alembic's entry: runs the revisions on the connection that the caller has opened and locked."""

from __future__ import annotations

from alembic import context

from oracle.adapters.sql.digest_tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite alters tables by copying them.
    render_as_batch=True,
)

with context.begin_transaction():
    context.run_migrations()
