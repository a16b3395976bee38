"""Run by Alembic: applies migrations on the connection that `migrate` hands over.

What belongs here: Alembic's settings. The connection is in a transaction already, which the caller
commits; so a migration and the record that it was applied are kept together or not at all.
"""

from alembic import context

from prefect_results.backend.store.migrate import VERSION_TABLE
from prefect_results.backend.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
