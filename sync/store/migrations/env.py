"""How Alembic reaches the store: through the connection that ``engine.open_store`` hands over."""

from alembic import context

from sync.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
