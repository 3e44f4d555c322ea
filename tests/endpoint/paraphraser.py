"""A model that says what the sources say in more words, so that words alone do not show that it holds."""

import re
from collections.abc import Callable
from dataclasses import replace

from tests.endpoint.replies import Reply, Request, Responder

OPENING = (
    "Everybody reading this friendly explanation should happily understand, remember and repeat among "
    "colleagues, neighbours, relatives or strangers the following important insight: "
)
_START = re.compile(r"(?m)^(?!#|NOT ANSWERED|\s*$)|(?<=\d\] )(?=\S)")


def paraphraser(inner: Responder) -> Callable[[Request], Reply]:
    """Return a responder that dilutes the statements of another one; typed replies stay as they are."""

    def respond(request: Request) -> Reply:
        reply = inner(request)
        if request.form != "text" or reply.text is None:
            return reply
        return replace(reply, text=_START.sub(OPENING, reply.text))

    return respond
