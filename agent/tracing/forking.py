"""Runs a recorded question again from one of its steps, with something changed.

Everything up to that step is taken from the recording without running it. Behind it the nodes run; a call
that is equal to a recorded one is answered by the recording, the others are made.
"""

import uuid
from collections.abc import Mapping
from dataclasses import replace

from langgraph.types import Overwrite

from agent.bootstrap import assemble
from agent.reasoning import Outside
from agent.recording.playing import PlayedClassifier, Player, lexicon_of, played, setup_in
from agent.recording.recorder import Ended
from agent.recording.recording import Changes, Json, Parent, Recording, Step
from agent.recording.setup import changed, settings_from
from agent.recording.states import collecting
from agent.tracing.rerunning import Again, Kept, read_channel, run_again
from graph.reasoning.llm.layout import edited_prompts, prompt_names
from tools.errors import ConfigurationError, InvalidInput, NotFound


async def fork(recording: Recording, at: int, changes: Changes, outside: Outside | None) -> Ended:
    """Run a question again from behind a step.

    Args:
        recording: The run.
        at: Number of the step after which everything runs; steps beside it are kept too. 0 runs all again.
        changes: What is different: channels after that step, texts of prompts, keys of the configuration.
        outside: Makes the calls that the recording does not answer; None when nothing is open for it.

    Raises:
        NotFound: There is no such step.
        InvalidInput: A channel or a prompt is unknown, or a value does not fit.
        ConfigurationError: A key is unknown, or its value is wrong.
    """
    _check_prompts(changes.prompts)
    settings = settings_from(changed(setup_in(recording), changes.configuration))
    if settings.mode == "llm" and outside is not None and outside.models is None:
        raise ConfigurationError(
            "the fork needs a language model, and this installation has none; set OPENAI_API_KEY, "
            "models.base_url, or assistant.mode = local for the fork"
        )
    state = {channel: _written(channel, value) for channel, value in changes.state.items()}
    deps = assemble(settings, _outside(recording, outside))
    parent = Parent(run_id=recording.run_id, step=at, changes=changes)
    with edited_prompts(changes.prompts):
        return await run_again(
            Again(
                recording=recording,
                deps=deps,
                player=Player(recording, strict=False),
                around=Kept(_up_to(recording, at), at=at, state=state),
                run_id=uuid.uuid4().hex,
                parent=parent,
            )
        )


def _up_to(recording: Recording, at: int) -> list[Step]:
    """Return the steps that are kept: all until the superstep of a step, with those beside it."""
    if at == 0:
        return []
    try:
        last = recording.step(at).superstep
    except KeyError as error:
        raise NotFound(f"the run has no step {at}; it has {len(recording.steps)}") from error
    return [step for step in recording.steps if step.superstep <= last and not step.handles]


def _written(channel: str, value: Json) -> object:
    """Read a channel's whole new value, as something that replaces what was there."""
    read = read_channel(channel, value)
    return Overwrite(read) if channel in collecting() else read


def _check_prompts(prompts: Mapping[str, str]) -> None:
    if unknown := sorted(set(prompts) - set(prompt_names())):
        known = ", ".join(prompt_names())
        raise InvalidInput(f"there is no prompt {unknown[0][:40]!r}; there are {known}")


def _outside(recording: Recording, outside: Outside | None) -> Outside:
    """Return what is outside, with the documents' words as the run knew them."""
    if outside is None:
        return played(recording)
    lexicon, bases = lexicon_of(recording), tuple(settings_from(setup_in(recording)).knowledge_bases)
    return replace(
        outside,
        classifier=lambda principal: PlayedClassifier(lexicon, bases, outside.classifier(principal)),
    )
