"""A query of a database, one document a row, read by SQLAlchemy as it goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hybridsearch.dependency import require
from hybridsearch.errors import ConfigurationError, MissingDependencyError, SourceError
from hybridsearch.indexing.records import Located
from hybridsearch.indexing.sources.identity import id_column, identified
from hybridsearch.indexing.sources.plain import plain
from hybridsearch.indexing.sources.source import CountedReading, RecordStream, Source, SourceOptions

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

_ROWS_AT_ONCE: Final = 500
_TABLES_NAMED: Final = 20
# What is taken where the URL names none.
_DRIVERS: Final = {"postgresql": "postgresql+psycopg"}
_NO_TABLE: Final = ("no such table", "42P01")


def open_query(location: str, options: SourceOptions) -> Source:
    """The source of `sqlite:FILE`, of an SQLAlchemy URL such as `postgresql://USER@HOST/DATABASE`,
    or of any such URL after `sql:`; raises ConfigurationError, SourceError.

    NULLs are left out of the documents. The query is run when the records are read; nothing that
    it may change in the database stays.
    """
    require("sqlalchemy", f"the source {options.source.partition(':')[0]!r}", extra="sql")
    url = _url(location, options)
    name = url.set(query={}).render_as_string(hide_password=True)
    if not options.query:
        raise ConfigurationError(
            f"{name} is a database: say what to read with --query, an SQL statement that gives a "
            "row for each document"
        )
    reading = CountedReading()
    return Source(name, _records(_engine(url, name), name, options, reading), reading)


def _url(location: str, options: SourceOptions) -> URL:
    from sqlalchemy.engine.url import URL, make_url  # noqa: PLC0415 - an extra
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415 - an extra

    kind = options.source.partition(":")[0]
    if kind == "sqlite" and not location.startswith("//"):
        url = URL.create("sqlite", database=location)
    else:
        try:
            url = make_url(location if kind == "sql" else options.source)
        except (ArgumentError, ValueError):
            url = None
    if url is None:  # told here, since the error above shows the password
        raise ConfigurationError(
            f"the address of the database after {kind}: cannot be read: write "
            "postgresql://USER@HOST:5432/DATABASE or sqlite:FILE, or sql: and another SQLAlchemy "
            "URL; write @ : and / within a password as %40 %3A and %2F"
        )
    if url.get_backend_name() == "sqlite":
        _check_file(url.database)
    return url


def _check_file(database: str | None) -> None:
    """SQLite would make the file; raises SourceError where it is not there."""
    if not database or not (database.startswith("file:") or Path(database).is_file()):
        raise SourceError(f"there is no file {database or 'of a database: write sqlite:FILE'}")


def _engine(url: URL, name: str) -> Engine:
    from sqlalchemy import NullPool, create_engine  # noqa: PLC0415 - an extra
    from sqlalchemy.exc import NoSuchModuleError  # noqa: PLC0415 - an extra

    driver = _DRIVERS.get(url.drivername, url.drivername)
    try:
        return create_engine(url.set(drivername=driver), poolclass=NullPool)
    except NoSuchModuleError as error:
        raise ConfigurationError(
            f"{name}: SQLAlchemy knows no database {url.drivername!r}: write postgresql:// or "
            "sqlite:, or install the package of its dialect"
        ) from error
    except ModuleNotFoundError as error:
        if error.name == "psycopg":
            raise MissingDependencyError("psycopg", "sql", f"the source {name}") from error
        raise ConfigurationError(
            f"{name} needs the driver {error.name!r}, which is not installed: pip install it"
        ) from error


def _records(
    engine: Engine, name: str, options: SourceOptions, reading: CountedReading
) -> RecordStream:
    with (
        _connected(engine, name) as connection,
        _refused(engine, name),
        # Sent as it is written: neither % nor : means anything to anyone but the database.
        connection.execution_options(yield_per=_ROWS_AT_ONCE, no_parameters=True).exec_driver_sql(
            options.query or ""
        ) as result,
    ):
        if not result.returns_rows:
            raise SourceError(f"the query of {name} gives no rows: write a SELECT")
        columns = [str(column[0]) for column in result.cursor.description]
        id = id_column(columns, options.id, f"the query of {name}")
        for row in result:
            reading.done += 1
            fields = {
                column: plain(value)
                for column, value in zip(columns, row, strict=True)
                if value is not None
            }
            yield Located(f"{name} row {reading.done}", identified(fields, id))


@contextmanager
def _connected(engine: Engine, name: str) -> Iterator[Connection]:
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - an extra

    try:
        connection = engine.connect()
    except DBAPIError as error:
        raise SourceError(
            f"{name} cannot be reached ({_first_line(error.orig)}): look at the address, the user "
            "and the password; PostgreSQL's may come from the environment (PGPASSWORD) or from "
            "~/.pgpass"
        ) from error
    with connection:
        yield connection


@contextmanager
def _refused(engine: Engine, name: str) -> Iterator[None]:
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - an extra

    try:
        yield
    except DBAPIError as error:
        said = f"{_first_line(error.orig)} {getattr(error.orig, 'sqlstate', '')}"
        known = _tables(engine) if any(sign in said for sign in _NO_TABLE) else ""
        raise SourceError(
            f"the query of {name} cannot be answered: {_first_line(error.orig)}{known}"
        ) from error


def _tables(engine: Engine) -> str:
    from sqlalchemy import inspect  # noqa: PLC0415 - an extra

    inspector = inspect(engine)
    names = sorted([*inspector.get_table_names(), *inspector.get_view_names()])
    more = ", ..." if len(names) > _TABLES_NAMED else ""
    return f"; the tables there are: {', '.join(names[:_TABLES_NAMED]) or 'none'}{more}"


def _first_line(error: Any) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__
