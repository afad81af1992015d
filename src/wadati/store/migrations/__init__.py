"""The catalog's schema through time: steps forward and back, run by Alembic without a command line or settings file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory
    from sqlalchemy import Connection


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the tables forward to a revision, within the connection's transaction."""
    scripts = steps()
    _run(connection, scripts, lambda current, _: scripts._upgrade_revs(revision, current))  # noqa: SLF001


def downgrade(connection: Connection, revision: str = "base") -> None:
    """Take the tables back to a revision (`base`: none are left), within the connection's transaction."""
    scripts = steps()
    _run(connection, scripts, lambda current, _: scripts._downgrade_revs(revision, current))  # noqa: SLF001


def steps() -> ScriptDirectory:
    """The steps that there are."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(Path(__file__).parent))


def _run(connection: Connection, scripts: ScriptDirectory, plan: Any) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext

    with EnvironmentContext(Config(), scripts, fn=plan) as environment:
        environment.configure(connection=connection)
        environment.run_migrations()
