"""The whole circle: a run is kept as a case, passes it, and fails it in the step that was broken."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from agent.evaluation.asking import graded
from agent.evaluation.cases import Case, Ran, StepLabels
from agent.evaluation.grading import Grade, grade
from agent.recording.recorder import Recorder
from agent.tracing.keeping import case_of
from graph.deps import Deps
from graph.plan import Part, Plan
from graph.state import Assessment, Claim, Draft, Verification
from tests.agent.evaluation.recorded import run, session_of
from tests.fakes import FakeStore
from tests.fakes_database import FakeCatalog
from tests.fakes_graph import (
    FakeJudge,
    FakePlanner,
    FakeWriter,
    chunk_of,
    deps_of,
    part_of,
    passage_citation,
    plan_of,
    route_of,
    rows_citation,
    rows_of,
    store_with,
)
from tools.errors import InvalidInput, TransientError
from tools.ports import Matrix
from tools.types import Filter, Hit, Match, Rows

QUESTION = "How long does the kettle boil, for how long is it guaranteed, and how many are left?"
BOILS, GUARANTEED, LEFT = "How long does the kettle boil?", "How long is the guarantee?", "How many are left?"
BOIL = chunk_of("The kettle boils for 2 minutes.", identifier="boil")
LID = chunk_of("The lid is made of glass.", identifier="lid")
OTHER = chunk_of("Heat milk for 2 minutes.", identifier="milk", source="milk.md", title="Milk")
GUARANTEE = chunk_of(
    "The guarantee is 24 months.", identifier="long", base="rules", source="guarantee.md", title="Guarantee"
)
STOCK = Match(query="stock", score=0.9, parameters=(("name", "Kettle"),))
ROWS = replace(rows_of(("Kettle", 412)), answer="{name}: {stock} pieces")
GAP = Assessment(verdict="gap", confidence=0.2)


def planned(
    *,
    boils: tuple[str, ...] = ("guides",),
    guaranteed: str = GUARANTEED,
    matches: tuple[Match, ...] = (STOCK,),
    rules: float = 0.9,
) -> FakePlanner:
    """Return a planner of three parts: one for each base, and one for the database."""
    parts: list[Part] = [
        part_of(BOILS, bases=boils),
        part_of(guaranteed, bases=("rules",)),
        part_of(LEFT, bases=(), matches=matches),
    ]
    plan: Plan = plan_of(*parts, route=route_of(database=0.8, rules=rules))
    return FakePlanner(plans={QUESTION: plan})


def queries(stock: Rows = ROWS) -> FakeCatalog:
    """Return a catalogue of two queries."""
    return FakeCatalog(results={"stock": stock, "sales": replace(ROWS, statement="SELECT 1")})


def sound() -> Deps:
    """Return a graph's surroundings in which nothing is broken."""
    return deps_of(store=store_with(BOIL, LID, OTHER, GUARANTEE), planner=planned(), catalog=queries())


class Losing(FakeStore):
    """A store that is away whenever the rules are searched."""

    def search(self, text: str, vector: Matrix | None, *, limit: int, where: Filter) -> list[Hit]:
        """Fail for one base."""
        if "rules" in where.knowledge_bases:
            raise TransientError("the index is away")
        return super().search(text, vector, limit=limit, where=where)


def losing() -> FakeStore:
    """Return a store of everything that is away at times."""
    store = Losing()
    store.points = store_with(BOIL, LID, OTHER, GUARANTEE).points
    return store


class Glassy:
    """A cross-encoder that likes nothing but glass."""

    name = "glassy"

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """Score each text."""
        return [5.0 if "glass" in text else -5.0 for text in texts]


def of_few(passages: int) -> Deps:
    """Return surroundings in which evidence is short and badly chosen."""
    deps = sound()
    return replace(deps, reranker=Glassy(), limits=replace(deps.limits, passages_per_part=passages))


def drafted(*claims: Claim, judge: FakeJudge | None = None) -> Deps:
    """Return surroundings in which these claims are written, and believed."""
    citations = (
        passage_citation(BOIL, BOIL.text, number=1),
        passage_citation(GUARANTEE, GUARANTEE.text, number=2),
        passage_citation(OTHER, OTHER.text, number=3),
        rows_citation(ROWS, number=4),
    )
    believed = judge or FakeJudge(verifications=[Verification(faithfulness=1.0)])
    return replace(
        sound(), writer=FakeWriter(draft=Draft(claims=claims, citations=citations)), judge=believed
    )


def doubting() -> FakeJudge:
    """Return a judge that never believes the second claim."""
    doubt = Verification(faithfulness=0.9, rejected=((1, "nobody says so"),))
    return FakeJudge(verifications=[doubt, doubt])


WRITTEN = (
    Claim(text=BOIL.text, citations=(1,)),
    Claim(text=GUARANTEE.text, citations=(2,), part=1),
    Claim(text="Kettle: 412 pieces", citations=(4,), part=2),
)
BROKEN: dict[str, tuple[Callable[[], Deps], str]] = {
    "wrong route": (
        lambda: replace(sound(), planner=planned(rules=0.2)),
        "step classify: sent to database and guides, not to database and guides and rules",
    ),
    "lost query": (
        lambda: replace(sound(), planner=planned(guaranteed="What is the weather?")),
        f"step classify: does not want rules searched for {GUARANTEED!r}",
    ),
    "failed search": (
        lambda: replace(sound(), store=losing()),
        f"step retrieve: rules was not searched for {GUARANTEED!r}",
    ),
    "document not found": (
        lambda: replace(sound(), store=store_with(BOIL, LID, OTHER)),
        "step retrieve: no search found guarantee.md",
    ),
    "passage not found": (
        lambda: replace(sound(), store=store_with(LID, OTHER, GUARANTEE)),
        "step retrieve: no search found '2 minutes' in kettle.md",
    ),
    "document dropped": (
        lambda: of_few(0),
        "step rerank: evidence lacks kettle.md",
    ),
    "passage dropped": (
        lambda: of_few(1),
        "step rerank: evidence lacks '2 minutes' of kettle.md",
    ),
    "other named query": (
        lambda: replace(sound(), planner=planned(matches=(replace(STOCK, query="sales"),))),
        "step classify: chose sales with name='Kettle', not stock with name='Kettle'",
    ),
    "other value": (
        lambda: replace(sound(), planner=planned(matches=(replace(STOCK, parameters=(("name", "Mug"),)),))),
        "step classify: chose stock with name='Mug', not stock with name='Kettle'",
    ),
    "other statement": (
        lambda: replace(sound(), catalog=queries(replace(ROWS, statement="SELECT name, stock FROM old"))),
        "step query_database: ran SELECT name, stock FROM old with name='Kettle', "
        "not SELECT name, stock FROM products with name='Kettle'",
    ),
    "database away": (
        lambda: replace(sound(), catalog=replace(queries(), failure=TransientError("away"))),
        "step query_database: ran nothing, not SELECT name, stock FROM products with name='Kettle'",
    ),
    "other rows": (
        lambda: replace(sound(), catalog=queries(replace(ROWS, rows=(("Kettle", 3),)))),
        "step query_database: the rows lack '412 pieces'",
    ),
    "evidence thought too little": (
        lambda: replace(sound(), judge=FakeJudge(assessments=[[GAP] * 3])),
        "step assess: called it gap",
    ),
    "wrong citation": (
        lambda: drafted(replace(WRITTEN[0], citations=(3,)), *WRITTEN[1:]),
        "step synthesize: '2 minutes' cites milk.md, not kettle.md",
    ),
    "fact not written": (
        lambda: drafted(*WRITTEN[:1], *WRITTEN[2:]),
        "step synthesize: does not say '24 months'",
    ),
    "fact withheld": (
        lambda: drafted(*WRITTEN, judge=doubting()),
        "step verify: withheld '24 months' (nobody says so)",
    ),
    "asked back": (
        lambda: replace(
            sound(),
            judge=FakeJudge(
                assessments=[[Assessment(verdict="ambiguous", confidence=0.5, ask="Red or blue?")] * 3]
            ),
        ),
        "step clarify: asks back 'Red or blue?'",
    ),
}


async def kept(deps: Deps, question: str = QUESTION) -> Case:
    """Run once and keep it."""
    return case_of((await run(session_of(deps), question)).recording)


async def asked(case: Case, deps: Deps) -> Grade:
    """Ask the question of a case."""
    return await graded(session_of(deps), case, recorder=Recorder())


async def test_a_kept_run_passes_as_long_as_nothing_changes() -> None:
    """And it demands something of every step."""
    case = await kept(sound())
    assert case.must_contain == ("2 minutes", "24 months", "412 pieces")
    assert case.steps is not None
    assert all(
        getattr(case.steps, name) for name in ("route", "queries", "evidence", "statements", "citations")
    )
    found = await asked(case, sound())
    assert found.wrong == ()
    assert found.run_id == found.answer.run_id


@pytest.mark.parametrize("fault", BROKEN)
async def test_a_case_fails_and_names_the_step_that_was_broken(fault: str) -> None:
    """Of all that is told about steps the broken one comes first, or nothing but what it asked back."""
    broken, told = BROKEN[fault]
    found = await asked(await kept(sound()), broken())
    steps = [wrong for wrong in found.wrong if wrong.startswith("step ")]
    assert steps[0] == told
    assert not found.correct


async def test_a_path_that_is_demanded_is_compared_node_by_node() -> None:
    """Steps that run side by side are one entry."""
    path = ("classify+prefetch", "query_database+retrieve", "rerank", "assess", "synthesize", "verify")
    case = await kept(sound())
    assert case.steps is not None
    demanding = case.model_copy(update={"steps": case.steps.model_copy(update={"path": path})})
    assert (await asked(demanding, sound())).wrong == ()
    assert (
        "step abstain: came where synthesize was due"
        in (await asked(demanding, replace(sound(), judge=FakeJudge(assessments=[[GAP] * 3])))).wrong
    )
    longer = case.model_copy(update={"steps": StepLabels(path=(*path, "revise"))})
    assert (await asked(longer, sound())).wrong == ("step revise: never came",)


@pytest.mark.parametrize(
    ("statement", "same"),
    [
        ('select "name" , stock\nFROM Products -- all', True),
        ("SELECT name, stock FROM products LIMIT 3", False),
        ("no statement", False),
    ],
)
async def test_statements_are_compared_whatever_their_spelling(statement: str, same: bool) -> None:
    """White space, quotes, comments and the case of names do not count."""
    ran = Ran(statement=statement, parameters={"name": "Kettle"})
    found = await asked(Case(id="1", question=QUESTION, steps=StepLabels(statements=(ran,))), sound())
    assert found.correct is same


async def test_what_is_asked_back_and_what_follows_the_reply_are_kept() -> None:
    """One case for the question that was asked back, another for the answer to the reply."""

    def unclear() -> Deps:
        ambiguous = Assessment(verdict="ambiguous", confidence=0.5, ask="Red or blue?")
        return deps_of(store=store_with(BOIL), judge=FakeJudge(assessments=[[ambiguous]]))

    session = session_of(unclear())
    asking = case_of((await run(session, "How long does it boil?")).recording)
    replied = case_of((await run(session, "the red one")).recording)
    assert (asking.status, asking.steps and asking.steps.asks) == ("clarify", "Red or blue?")
    assert (replied.question, replied.reply) == ("How long does it boil?", "the red one")
    for case in (asking, replied):
        assert (await asked(case, unclear())).wrong == ()
    clear = deps_of(store=store_with(BOIL))
    assert "step clarify: asks nothing back, not 'Red or blue?'" in (await asked(asking, clear)).wrong
    assert "step clarify: asked nothing back" in (await asked(replied, clear)).wrong


async def test_steps_that_were_not_recorded_cannot_be_right() -> None:
    """A case that demands them is never passed without."""
    case = await kept(sound())
    answer = (await run(session_of(sound()), QUESTION)).answer
    with pytest.raises(InvalidInput, match="was not recorded"):
        grade(case, answer)
