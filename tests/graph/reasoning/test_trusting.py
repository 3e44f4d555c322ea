"""A judge that believes everything."""

from graph.reasoning.trusting import Trusting
from graph.state import Claim, Draft, Evidence, Verification
from tests.fakes_graph import FakeJudge
from tools.metering import Meter


async def test_nothing_is_rejected() -> None:
    """Also a claim without any citation is let out."""
    draft = Draft(claims=(Claim(text="The moon is made of cheese.", citations=()),))
    judge = Trusting(judge=FakeJudge())
    verified = await judge.verify(
        draft, [Evidence()], question="?", before=Verification(faithfulness=1.0), meter=Meter()
    )
    assert verified == Verification(faithfulness=1.0)
