"""Courtesies: messages that ask nothing and want a friendly word."""

import re

_REPLIES = (
    (
        r"(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|greetings)(?: there| everyone)?",
        "Hello! {about}",
    ),
    (
        r"(?:many )?(?:thanks|thank you|thx|cheers|much appreciated)"
        r"(?: so much| very much| a lot| for .{1,40})?",
        "You are welcome.",
    ),
    (
        r"bye|goodbye|see you(?: later)?|good night|have a (?:nice|good) (?:day|one|evening|weekend)",
        "Goodbye!",
    ),
    (r"(?:how are you|how(?:'s| is) it going|what's up)(?: today| doing)?", "I am well, thank you. {about}"),
    (
        r"(?:who|what) are you|what(?:'s| is) your name|what can you (?:do|help(?: me)? with)|help"
        r"|what can i ask(?: you)?",
        "{about}",
    ),
    (
        r"(?:ok|okay|great|perfect|super|nice|cool|good|got it|i see|alright|sounds good)"
        r"(?: thanks| thank you)?",
        "Glad to help.",
    ),
)


def courtesy(message: str, *, about: str) -> str | None:
    """Return a reply when the whole message is a courtesy, else None."""
    bare = re.sub(r"[^\w' ]+", " ", message.casefold()).strip()
    for pattern, reply in _REPLIES:
        if re.fullmatch(rf"(?:{pattern})\s*", " ".join(bare.split())):
            return reply.format(about=about).strip()
    return None
