"""Whether an answer cites what it should, and nothing else.

    precision = citations that are right / citations
    recall    = things to cite that are cited / things to cite

To be cited are the documents of `Case.gold`, an entry with alternatives once, and the database where the case
uses it. A citation is right when it is one of these, or its quotation holds an expected fact: a fact may
stand in more documents than those who labelled the case knew of.
"""

from collections.abc import Mapping

from agent.answer import PassageQuote, RowsQuote
from agent.evaluation.cases import Case
from agent.evaluation.destinations import DATABASE
from agent.evaluation.facts import folded, holds
from agent.evaluation.measured import Observed
from agent.evaluation.metrics.retrieval import squeezed
from tools.text.sentences import plain


def citations(observed: Observed) -> Mapping[str, float]:
    """Return `citation_precision` and `citation_recall`, each only where it is defined.

    Without anything to cite there is no recall, and precision only of expected facts; without citations there
    is no precision.
    """
    case, cited = observed.case, observed.answer.citations
    wanted = _wanted(case)
    measured = {}
    if wanted:
        met = [any(_is_of(one, entry) for one in cited) for entry in wanted]
        measured["citation_recall"] = sum(met) / len(met)
    if cited and (wanted or case.must_contain):
        right = [any(_is_of(one, entry) for entry in wanted) or _tells(one, case) for one in cited]
        measured["citation_precision"] = sum(right) / len(right)
    return measured


def _wanted(case: Case) -> list[tuple[str, str]]:
    """Return what is to be cited as pairs of documents and a text, one of which is empty."""
    entries = [(entry.source, "" if entry.source else entry.text) for entry in case.gold]
    return list(dict.fromkeys([*entries, *([(DATABASE, "")] if case.uses_database else [])]))


def _is_of(cited: PassageQuote | RowsQuote, entry: tuple[str, str]) -> bool:
    sources, text = entry
    if isinstance(cited, RowsQuote):
        return DATABASE in sources.split("|")
    if sources:
        return cited.source in sources.split("|")
    return squeezed(text) in squeezed(cited.before + cited.quote + cited.after)


def _tells(cited: PassageQuote | RowsQuote, case: Case) -> bool:
    if isinstance(cited, RowsQuote):
        text = " ".join(str(cell) for row in cited.rows for cell in row)
    else:
        text = f"{cited.quote} {plain(cited.quote)}"
    return any(holds(folded(text), fact) for fact in case.must_contain)
