"""Turns Markdown into HTML that is safe to show.

Two walls: the parser knows neither raw HTML nor links nor images, so such markup stays text; and what it
made is cleaned to an allow-list of elements without attributes. The one attribute is `data-citation`, on
the markers of citations that the answer really has.
"""

from collections.abc import Collection, Sequence

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from agent.answer import Answer

ELEMENTS = frozenset(
    {
        *("p", "br", "hr", "ol", "ul", "li", "strong", "em", "s", "code", "pre", "blockquote", "span"),
        *("table", "thead", "tbody", "tr", "th", "td", "h1", "h2", "h3", "h4", "h5", "h6"),
    }
)
"""What rendered text is made of."""
CITATION = "data-citation"
"""Attribute with the number of the citation that a marker stands for."""
_CITED = "cited"


def to_html(answer: Answer) -> str:
    """Render an answer; the markers of its citations become elements."""
    return _render(answer.answer, {str(citation.id) for citation in answer.citations})


def text_to_html(markdown: str) -> str:
    """Render text that cites nothing."""
    return _render(markdown, frozenset())


def _render(markdown: str, cited: Collection[str]) -> str:
    html: str = _MARKDOWN.render(markdown, {_CITED: cited})
    return nh3.clean(html, tags=set(ELEMENTS), attributes={"span": {CITATION}}, link_rel=None)


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.disable(["link", "image", "autolink", "reference", "html_block", "html_inline"])
    parser.inline.ruler.push("citation", _read_marker)
    parser.core.ruler.push("numbers", _keep_numbers)
    parser.add_render_rule("citation", _show_marker)
    return parser


def _read_marker(state: StateInline, silent: bool) -> bool:
    """Read `[n]` where n is a citation; every other bracket stays text."""
    if state.src[state.pos] != "[":
        return False
    end = state.src.find("]", state.pos, state.posMax)
    number = state.src[state.pos + 1 : end]
    if end < 0 or number not in state.env.get(_CITED, ()):
        return False
    if not silent:
        state.push("citation", "span", 0).content = number
    state.pos = end + 1
    return True


def _show_marker(
    _renderer: RendererProtocol, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType
) -> str:
    number = tokens[index].content
    return f'<span {CITATION}="{number}">[{number}]</span>'


def _keep_numbers(state: StateCore) -> None:
    """Write out the numbers of a list that begins elsewhere than at 1: no attribute may tell them."""
    levels: list[int] = []
    numbers = ""
    for token in state.tokens:
        if token.type == "ordered_list_open" and token.attrs.pop("start", None) is not None:
            levels.append(token.level)
            token.tag = "ul"
        elif token.type == "ordered_list_close" and token.level in levels[-1:]:
            levels.pop()
            token.tag = "ul"
        elif token.type == "list_item_open" and token.level - 1 in levels[-1:]:
            numbers += f"{token.info}{token.markup} "
        elif token.type == "inline":
            token.children = [Token("text", "", 0, content=numbers), *(token.children or [])]
            numbers = ""


_MARKDOWN = _parser()
