"""A small installation whose answers take little time: six documents, and questions that they all answer."""

import json
from collections.abc import Mapping
from pathlib import Path

DOCUMENTS: Mapping[str, str] = {
    "guides/kettle.md": """# Kettle

## Boiling
Fill the kettle with at most 1.7 litres of water. It boils a full filling in 5 minutes.

## Cleaning
Descale the kettle every 3 months with 50 grams of citric acid. Wipe the outside with a damp cloth.

## Trouble
A red light means that the kettle ran dry. Let it cool for 10 minutes and fill it again.
""",
    "guides/toaster.md": """# Toaster

## Browning
Dial 3 gives golden toast in 2 minutes. Dial 6 is for frozen bread.

## Cleaning
Empty the crumb tray of the toaster every week. Unplug the toaster before you clean it.

## Trouble
When bread is stuck, unplug the toaster and turn it upside down.
""",
    "guides/blender.md": """# Blender

## Mixing
The jug of the blender holds 1.5 litres. Run the blender for at most 60 seconds without a break.

## Cleaning
Rinse the blades of the blender with warm water after every use. The jug may go into the dishwasher.

## Trouble
A smell of rubber means that the belt slips. Order belt B-20 and replace it.
""",
    "rules/returns.md": """# Returns

## Period
You may return any appliance within 30 days of delivery. The refund arrives within 14 days.

## Parcel
Use the original box for a return. A return label costs 4 euros.
""",
    "rules/warranty.md": """# Warranty

## Period
The warranty of every appliance lasts 24 months from the day of delivery.

## Limits
Damage by limescale is not covered by the warranty. Repairs under warranty take about 2 weeks.
""",
    "rules/shipping.md": """# Shipping

## Time
Parcels within the country arrive after 2 working days. Parcels abroad take 6 working days.

## Costs
Shipping costs 5 euros. Orders of more than 60 euros ship free of charge.
""",
}
QUESTIONS = (
    "How much water may I fill into the kettle?",
    "How long does the kettle take to boil?",
    "How often should I descale the kettle?",
    "What does the red light of the kettle mean?",
    "Which dial is for frozen bread in the toaster?",
    "How often do I empty the crumb tray of the toaster?",
    "What can I do when bread is stuck in the toaster?",
    "How much does the jug of the blender hold?",
    "How long may I run the blender without a break?",
    "How do I rinse the blades of the blender?",
    "Within how many days may I return an appliance?",
    "What does a return label cost?",
    "How long does the warranty last?",
    "Is damage by limescale covered by the warranty?",
    "How many working days do parcels abroad take?",
    "From which amount on do orders ship free of charge?",
    "How often should I descale the kettle, and how long does the warranty last?",
    "What does a return label cost, and when does the refund arrive?",
    "How long may I run the blender, and is the jug fit for the dishwasher?",
    "How long do parcels abroad take, and what does shipping cost?",
)
"""The last four ask for two things."""
_CONFIGURATION = """
[knowledge_bases.guides]
description = "How to use, clean and mend the kettle, the toaster and the blender"
paths = ["guides"]
examples = ["How do I clean it?", "How long does it boil?", "What does the light mean?"]

[knowledge_bases.rules]
description = "Returns and refunds, warranty, shipping and its costs"
paths = ["rules"]
examples = ["Can I send it back?", "What is covered?", "When does my parcel arrive?"]
"""


def write_shop(folder: Path, sections: Mapping[str, Mapping[str, object]] | None = None) -> Path:
    """Write documents and configuration into a folder and return the configuration's file.

    Args:
        folder: Where everything goes.
        sections: More of the configuration: keys by section.
    """
    for name, text in DOCUMENTS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    lines = [_CONFIGURATION]
    for section, keys in (sections or {}).items():
        lines += [f"[{section}]", *(f"{key} = {json.dumps(value)}" for key, value in keys.items()), ""]
    file = folder / "plumbline.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file
