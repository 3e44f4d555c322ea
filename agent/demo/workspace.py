"""Where the built-in sample lives, and its database."""

import os
import shutil
from pathlib import Path

from agent.settings import CONFIGURATION_FILE, Settings

PACKAGED = Path(__file__).parent
TOUR = PACKAGED / "tour.txt"
QUESTIONS = PACKAGED / "questions.jsonl"


def configuration() -> Path:
    """Return the sample's configuration file.

    Its data folder stands beside it. Where the package cannot be written to, a copy of the sample in the
    user's data folder is used instead.
    """
    if os.access(PACKAGED, os.W_OK):
        return PACKAGED / CONFIGURATION_FILE
    copy = Path.home() / ".local" / "share" / "plumbline" / "demo"
    for folder in ("manuals", "policies"):
        shutil.copytree(PACKAGED / folder, copy / folder, dirs_exist_ok=True)
    shutil.copy2(PACKAGED / CONFIGURATION_FILE, copy / CONFIGURATION_FILE)
    return copy / CONFIGURATION_FILE


def prepare(settings: Settings) -> None:
    """Make the sample database if it is not there."""
    database = settings.resolve(Path(".plumbline/shop.db"))
    if not database.exists():
        from agent.demo.seed import seed

        seed(database)


def tour() -> list[str]:
    """Return the questions of the tour, one a line."""
    return TOUR.read_text(encoding="utf-8").split("\n")[:-1]
