"""Sections of the configuration about where an installation keeps its data and how it is served."""

from pathlib import Path

from pydantic import Field, SecretStr

from agent.sections import Section


class Storage(Section):
    """Where an installation keeps its data."""

    folder: Path = Path(".plumbline")
    """Folder for everything, relative to the configuration file."""
    url: SecretStr | None = None
    """SQLAlchemy URL for threads, runs, feedback and keys; a SQLite file in the folder by default."""
    qdrant_url: str | None = None
    """A Qdrant server to use instead of the embedded engine."""
    qdrant_api_key: SecretStr | None = None
    """Its API key."""
    qdrant_collection: str = "plumbline"
    """Its collection."""


class Site(Section):
    """A web site that shows the widget; its name is the public site key."""

    origins: tuple[str, ...]
    """Origins of its pages, such as https://shop.example; `self` is the server's own."""
    title: str = ""
    """What the widget calls itself; the assistant's name by default."""
    groups: tuple[str, ...] = ()
    """Groups that every visitor belongs to."""
    identity_secret: SecretStr | None = Field(default=None, min_length=32)
    """Shared with the site's own server, which signs with it who a visitor is."""
    requests_per_minute: int = Field(default=20, ge=1)
    """Of one visitor."""
    runs: int = Field(default=4, ge=1)
    """Answers under way at the same time for one visitor; all together have half of the server's."""
    handoff: bool = True
    """Whether a visitor may ask for a person."""


class Server(Section):
    """The HTTP server."""

    host: str = "127.0.0.1"
    """Address to listen on; other than loopback only with keys."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    local: bool = True
    """Whether this machine's own programs need no key; turn it off behind a proxy."""
    hosts: tuple[str, ...] = ()
    """Further names the server is called by, such as assistant.example behind a proxy."""
    origins: tuple[str, ...] = ()
    """Origins whose pages may call the API with a key; sites need not be named here."""
    workers: int = Field(default=1, ge=1)
    """Processes; more than one needs a Qdrant server."""
    requests_per_minute: int = Field(default=600, ge=1)
    """Of one key."""
    runs_per_caller: int = Field(default=64, ge=1)
    """Answers under way at the same time for one key."""
    runs: int = Field(default=256, ge=1)
    """Answers under way at the same time."""
    body_kb: int = Field(default=256, ge=16)
    """Largest request."""
    sites: dict[str, Site] = Field(default_factory=dict)
    """Web sites that show the widget."""
