"""What people are told while a node of the graph works."""

from collections.abc import Mapping

STEPS: Mapping[str, str] = {
    "prefetch": "searching",
    "classify": "planning",
    "retrieve": "searching",
    "query_database": "asking the database",
    "synthesize": "writing",
    "verify": "checking",
    "revise": "correcting",
}
