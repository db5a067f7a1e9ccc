"""PostgreSQL answers with its version to whoever has the password, and leaves nothing behind."""

from __future__ import annotations

import tempfile
from pathlib import Path

import psycopg
import pytest

from servers import postgresql
from servers.errors import ServerUnavailable
from servers.postgresql import running_postgresql


def test_it_answers_and_is_gone_afterwards(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(tempfile.gettempdir())
    before = set(folder.glob("hybridsearch-postgresql-*"))
    with running_postgresql() as database:
        made = set(folder.glob("hybridsearch-postgresql-*")) - before
        assert made
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(database.url, passfile=str(tmp_path_factory.mktemp("x") / "absent"))
        monkeypatch.setenv("PGPASSWORD", database.password)
        with psycopg.connect(database.url) as connection:
            found = connection.execute("SELECT version()").fetchone()
        assert found is not None
        assert str(found[0]).startswith("PostgreSQL")
    assert not all(path.exists() for path in made)
    with pytest.raises(psycopg.OperationalError, match="refused"):
        psycopg.connect(database.url)


def test_where_there_is_none_the_reason_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "INSTALLED", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerUnavailable, match="install Debian's package postgresql"):
        running_postgresql().__enter__()
