"""What is measured of a case. Every metric is in [0, 1], and higher is better."""

NAMES: tuple[tuple[str, str], ...] = (
    ("faithfulness", "share of the answer's statements that the evidence carries"),
    ("answer_relevancy", "how near the answer is to what was asked"),
    ("context_precision", "whether the relevant passages of the evidence come first"),
    ("context_recall", "share of the reference answer that the evidence holds"),
    ("fact_match", "share of the expected facts that the answer says; 0 if it says a forbidden one"),
    ("citation_precision", "share of the citations that are expected or hold an expected fact"),
    (
        "citation_recall",
        "share of the expected documents, and of the database where it is used, that are cited",
    ),
    ("hit_rate", "whether anything expected was found"),
    ("recall_at_5", "share of what is expected among the first five passages"),
    ("mrr", "1 / rank of the first relevant passage"),
    ("ndcg_at_10", "normalised discounted cumulative gain of the first ten passages"),
    ("sql_match", "whether the rows hold those of the expected statement"),
    ("refusal", "whether what must not be answered was not, and what must be was"),
    ("clarification", "whether it was asked back where that was due, and nowhere else"),
)
"""Every metric with what it says."""
