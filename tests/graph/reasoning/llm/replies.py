"""Sources about a kettle, and replies in the styles in which models write."""

from graph.reasoning.llm.sources import number_sources
from graph.state import Evidence
from tests.fakes_graph import chunk_of, hit_of, rows_of

STOCK = rows_of(("Kettle", 4), ("Mug", 0))
GUIDE = chunk_of(
    "# Use\n\nThe kettle stops by itself. It weighs 2 kg and holds 1.7 l.\n\n"
    "To clean it:\n\n1. Fill it with vinegar.\n2. Boil it.\n3. Rinse it twice.\n\n"
    "| Part | Price |\n|---|---|\n| Lid | 9 |\n| Cord | 12 |",
    identifier="guide",
    start=50,
)
RULES = chunk_of(
    "Returns take 14 days. Write to rules.example/returns. The guarantee lasts 2 years.",
    identifier="rules",
    base="rules",
    source="returns.md",
)
EVIDENCE = [Evidence(hits=(hit_of(GUIDE),), rows=(STOCK,)), Evidence(hits=(hit_of(RULES),))]
SOURCES = number_sources(EVIDENCE)
"""1: the stock, 2: the guide, 3: the rules; the first two serve part 0, the third part 1."""

WELL_BEHAVED = {
    "one sentence": "The kettle stops by itself [2].",
    "full stop first": "The kettle stops by itself. [2] Returns take 14 days. [3]",
    "several marks": "It weighs 2 kg [2][3]. It holds 1.7 l [2, 3]. Returns take 14 days [3]!",
    "paragraphs": "The kettle stops by itself [3].\n\nIt **weighs** 2 kg [2].\nIt holds `1.7 l` [2].\n",
    "items": "It is so [2].\n\n- It weighs 2 kg [2].\n- It holds 1.7 l [2].\n\nReturns take 14 days [3].",
    "steps": "1. Fill it [2].\n2. Boil it [2].\n3) Rinse it twice [2].\n\nIt stops [2].\n\n1. Boil it [2].",
    "windows": "It weighs 2 kg [2].\r\n\r\n* Lid: 9 [2]\r\n* Cord: 12 [2]\r\n",
    "compound": "## 1\n\nThe kettle stops by itself [2].\n\n## 2\nReturns take 14 days [3].",
    "one part unanswered": "## 1\nNOT ANSWERED\n\n## 2\nReturns take 14 days [3].",
    "unanswered": "NOT ANSWERED",
    "table": "The stock is this [1].\n\n[table 1]\n\nIt weighs 2 kg [2].",
    "fence": "```markdown\nThe kettle stops by itself [2].\n```",
    "list of sources": "It stops by itself [2].\n\n**Sources:**\n- [2] Kettle, Use\n\n[3] Rules",
    "sources as heading": "It stops by itself [2].\n\n## References\n1. Kettle\n2. Rules",
    "footnotes": "It stops by itself[^2]. Returns take 14 days[^3].\n\n[^2]: Kettle\n[^3]: Rules",
    "linked marks": "It stops by itself [2](#source-2). It weighs 2 kg [[2]](https://evil.example/x).",
    "cited as others do": "It stops【2†source】. It weighs 2 kg [source 2]. Returns take 14 days \\[3\\].",
    "superscript": "It stops by itself.<sup>[2]</sup> It weighs 2 kg.<sup>[2]</sup>",
    "reasoning": "<think>\nSource [3] says 99 days.\n\nNo.\n</think>\n\nReturns take 14 days [3].",
    "dropped headings": "# Kettle\n\nIt stops by itself [2].\n\n**Returns**\n\nThey take 14 days [3].\n\n---",
    "chinese": "水壶会自动断电[2]。它重2 kg【2】。\n\n退货期限为14天［3］。",
    "quotation": "> It stops by itself [2].",
    "unknown marks": "It stops by itself [2][99]. It weighs 2 kg [2].",
    "abbreviations": "It holds approx. 1.7 l, i.e. e.g. 7 cups of it [2]. No. 5 stops by itself [2].",
    "inequality": "It holds < 2 l and weighs > 1 kg [2].",
    "copied marker": "Theˆkettleˆstops by itself [2].",
}
"""Replies that cite every sentence, so that the stream shows what the final answer does."""
