"""Every prompt of the language-model mode: a function from values to messages, its text beside it in `texts`.

A prompt begins with what is the same for every question of an installation, so that providers can cache
it; then come worked examples, and what belongs to this question comes last, in the user's role.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from graph.plan import Plan, Turn
from graph.reasoning.llm.examples import Example
from graph.reasoning.llm.layout import notice, paragraphs, prompt_text, system, user
from graph.reasoning.llm.marking import block, choose_marker
from graph.reasoning.llm.rendering import render_source, texts_of
from graph.reasoning.llm.sources import Source
from tools.types import Message, Prompt

TURNS, ANSWER = 6, 800
"""Most turns of the conversation that a planner reads, and most characters of each answer."""


TABLES = """# Database tables
Where no query above fits, one can be written over these tables; count that into `database`."""


def plan_prompt(
    question: str,
    history: Sequence[Turn],
    *,
    bases: Mapping[str, str],
    queries: Sequence[tuple[str, str]],
    tables: Sequence[tuple[str, str]] = (),
    today: date,
    about: str = "",
    marked: bool = True,
) -> Prompt:
    """Ask how a question is to be answered; the reply is a `PlanReply`.

    Args:
        question: The message as asked.
        history: The conversation before it, oldest first.
        bases: Names and descriptions of the knowledge bases.
        queries: Names and descriptions of the named database queries.
        tables: Names and columns of tables that further queries may be written over.
        today: The day that relative dates count from.
        about: What the assistant is for; empty when the bases say enough.
        marked: Whether the words of earlier turns are joined by a marker.
    """
    turns = [f"Question: {turn.question}\nAnswer: {turn.answer[:ANSWER]}" for turn in history[-TURNS:]]
    marker = choose_marker(turns) if marked and turns else ""
    installation = paragraphs(
        prompt_text("plan"),
        _lines("# What this assistant is for", about.strip()) if about.strip() else "",
        _listed("# Knowledge bases", tuple(bases.items())),
        _listed("# Database queries", queries),
        _listed(TABLES, tables) if tables else "",
    )
    asked = paragraphs(
        f"Today: {today.isoformat()}",
        notice(marker),
        *(
            block("turn", {"number": str(number)}, turn, marker=marker)
            for number, turn in enumerate(turns, start=1)
        ),
        block("question", {}, question),
    )
    return Prompt(name="plan", messages=(system(installation), user(asked)))


def resolve_prompt(
    questions: Sequence[tuple[int, str]], findings: Sequence[Source], *, marked: bool = True
) -> Prompt:
    """Ask for the waiting sub-questions, completed by what was found; the reply is a `ResolveReply`.

    Args:
        questions: The number of each waiting part, from 1, and its question with `{n}` placeholders.
        findings: What the parts they need have found.
        marked: Whether the words of the findings are joined by a marker.
    """
    marker = choose_marker(texts_of(findings)) if marked else ""
    asked = paragraphs(
        notice(marker),
        *(render_source(source, compound=True, marker=marker) for source in findings),
        *(block("part", {"number": str(number)}, question) for number, question in questions),
    )
    return Prompt(name="resolve", messages=(system(prompt_text("resolve")), user(asked)))


def write_prompt(
    plan: Plan,
    sources: Sequence[Source],
    *,
    name: str,
    examples: Sequence[Example],
    marked: bool = True,
    plain: bool = False,
) -> Prompt:
    """Ask for the answer.

    Args:
        plan: The question and its parts.
        sources: What may be cited, in the order in which it is to be read.
        name: Who answers, such as the assistant's name.
        examples: Worked examples, the nearest first; the nearest is shown last.
        marked: Whether the words of sources are joined by a marker.
        plain: Whether to give the shortest instructions that the answer can be read by.
    """
    parts = [part.question for part in plan.parts]
    asked = _request(plan.question, parts, plan.as_of, sources, marked=marked)
    messages = (
        system(paragraphs(prompt_text("write_plain" if plain else "write"), f"You answer as: {name}")),
        *_shown(examples, marked=marked),
        user(asked),
    )
    return Prompt(name="write", messages=messages)


def revise_prompt(
    plan: Plan,
    sources: Sequence[Source],
    draft_text: str,
    objections: Sequence[tuple[str, str]],
    *,
    name: str,
    examples: Sequence[Example],
    marked: bool = True,
    plain: bool = False,
) -> Prompt:
    """Ask for the answer anew, of which some sentences do not hold.

    It carries the conversation of `write_prompt` on, so that a provider has all but the end in its cache.

    Args:
        plan: As for `write_prompt`, like the arguments not named here.
        sources: What may be cited.
        draft_text: The answer as it was written.
        objections: Each sentence that does not hold, and why.
        name: Who answers.
        examples: Worked examples.
        marked: Whether the words of sources are joined by a marker.
        plain: As for `write_prompt`.
    """
    written = write_prompt(plan, sources, name=name, examples=examples, marked=marked, plain=plain)
    blocks = [block("objection", {"reason": reason}, sentence) for sentence, reason in objections]
    messages = (
        *written.messages,
        Message(role="assistant", text=draft_text),
        user(paragraphs(*blocks, prompt_text("revise"))),
    )
    return Prompt(name="revise", messages=messages)


def judge_prompt(claims: Sequence[tuple[str, str]], *, question: str, marked: bool = True) -> Prompt:
    """Ask whether each claim is entailed by the evidence it cites; the reply is a `JudgeReply`.

    Evidence that several claims cite is shown once.

    Args:
        claims: Each claim, numbered from 1 by its place, and the text of the evidence it cites.
        question: What was asked; what the asker says of himself is taken for true.
        marked: Whether the words of claims and evidence are joined by a marker.
    """
    marker = choose_marker(text for pair in claims for text in pair) if marked else ""
    evidence = {text: str(number) for number, text in enumerate(dict.fromkeys(text for _, text in claims), 1)}
    asked = paragraphs(
        notice(marker),
        block("question", {}, question),
        *(block("evidence", {"number": number}, text, marker=marker) for text, number in evidence.items()),
        *(
            block("claim", {"number": str(number), "evidence": evidence[text]}, claim, marker=marker)
            for number, (claim, text) in enumerate(claims, start=1)
        ),
    )
    return Prompt(name="judge", messages=(system(prompt_text("judge")), user(asked)))


def _shown(examples: Sequence[Example], *, marked: bool) -> Iterator[Message]:
    """Yield examples as exchanges of just the form of the real one."""
    for example in reversed(examples):
        parts = example.parts or (example.question,)
        asked = _request(example.question, parts, example.as_of, example.sources, marked=marked)
        yield user(asked)
        yield Message(role="assistant", text=example.answer)


def _request(
    question: str, parts: Sequence[str], as_of: date, sources: Sequence[Source], *, marked: bool
) -> str:
    """Return the message that carries sources and question."""
    marker = choose_marker(texts_of(sources)) if marked else ""
    compound = len(parts) > 1
    return paragraphs(
        f"Day asked about: {as_of.isoformat()}",
        notice(marker if sources else ""),
        *(render_source(source, as_of=as_of, compound=compound, marker=marker) for source in sources),
        block("question", {}, question),
        *(
            block("part", {"number": str(number)}, part)
            for number, part in enumerate(parts, start=1)
            if compound
        ),
    )


def _listed(heading: str, entries: Sequence[tuple[str, str]]) -> str:
    lines = [f"- {name}: {' '.join(description.split())}" for name, description in entries]
    return _lines(heading, *(lines or ["(none)"]))


def _lines(*texts: str) -> str:
    return "\n".join(texts)
