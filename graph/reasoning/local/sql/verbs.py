"""Verbs of English by what they may say in a question about tables.

Data only. No word here belongs to one database.
"""

from graph.reasoning.local.sql.lexicon import word_set

CARRIERS = word_set(
    "belong take taken took include contain hold held correspond associate relate affiliated "
    "connected found keep kept appear involve recorded listed show shown link named called refer tied "
    "participate come came use give given make made receive offer run want feature"
)
"""Verbs that only tie two nouns together; which relation they mean, the foreign keys say."""

TYING = word_set(
    "play perform attend enroll own owner work produce assign register write wrote written buy bought "
    "purchase order submitted awarded hire employ create design build built develop publish direct lead "
    "led manage supply book rent borrow sponsor host operate raise manufacture drive driven carry treat "
    "release cover obtain open stay visit join teach taught serve located situated live fly flew sell sold "
    "start begin began end born headquartered based cost earn weigh last place found establish died "
    "cared win won"
)
"""Verbs that may tie two tables of the schema; by themselves they say something."""

CARRIED: dict[str, str] = {
    **dict.fromkeys(
        ("live", "located", "situated", "based", "headquartered", "come", "stay"),
        "city country address town location place residence state region district hometown street zip "
        "building floor continent headquarters home nationality",
    ),
    "born": "birth birthday",
    **dict.fromkeys(("died",), "death"),
    **dict.fromkeys(("work", "employ", "hire"), "employee employer employment staff company department job"),
    **dict.fromkeys(("write", "wrote", "written"), "author writer"),
    **dict.fromkeys(("buy", "bought", "purchase", "order", "place"), "order purchase sale"),
    **dict.fromkeys(("sell", "sold"), "sale seller"),
    **dict.fromkeys(("cost",), "price fee charge"),
    **dict.fromkeys(("win", "won"), "award prize medal winner"),
    "weigh": "weight mass",
    "earn": "salary income wage earning pay",
    **dict.fromkeys(("fly", "flew"), "flight"),
    **dict.fromkeys(("enroll", "register", "attend"), "enrolment registration attendance"),
    "borrow": "loan",
    **dict.fromkeys(("play",), "player"),
    **dict.fromkeys(("treat",), "treatment"),
    "rent": "rental",
    "book": "booking reservation",
    **dict.fromkeys(("lead", "led"), "leader head"),
    "direct": "director",
    **dict.fromkeys(("teach", "taught"), "teacher"),
    "manage": "manager management",
    **dict.fromkeys(("build", "built", "manufacture", "produce", "make", "made"), "year maker production"),
    "release": "year",
    **dict.fromkeys(("found", "establish"), "founded foundation"),
    "perform": "performance",
    "last": "duration length",
}
"""Verb → nouns that make it redundant in the name of a table or column that is used."""

TELLING = word_set("born died weigh cost earn last win won fly flew")
"""Verbs that tie no tables: something that is read must be called like them."""

PLACING = word_set("live lives lived living located situated based headquartered born")
"""Verbs before the place where somebody or something is."""

VERBS = CARRIERS | TYING
"""All verbs that are read."""
