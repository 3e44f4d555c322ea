"""Questions over a SQL database without a language model: a compact semantic parser over the schema.

A question is read from its first to its last word by rules (`reading.RULES`), along all promising ways at
once; every word must be accounted for, or the question is not answered. The grammar, roughly:

    question   = opening  thing {("," | "and" | "as well as") thing}  {limit}  ["." question]
    opening    = "show me" | "what are the" | "how many" | "when" | "how old" | "for each" rows | …
    thing      = column | rows | number of rows | aggregate column | "all information about" rows
    limit      = ("of" | "for" | "in" | …) rows                          joins along foreign keys
               | column operator value | operator value column | value   filters, also by values alone
               | "contains" text | year | period | "above the average" column
               | ("no" | "without" | "not") limit                        what is left out, by key
               | "both" limit "and" limit                                intersection
               | ("at least" number) rows | aggregate operator number    groups and HAVING
               | "for each" (rows | column) | "by" column                groups
               | superlative (column | rows | number of rows)            the first rows
               | "sorted by" figure direction                            the order

Tables and columns are named by their words, stems, common synonyms, general abbreviations and the
configured descriptions; values are found in the text columns. Then, in this order: which element each phrase
means (`meanings`), the query over the schema (`planning`, `rewriting`), the statement (`rendering`), its
words (`describing`). What was read is then checked against the query: no verb may be lost (`accounting`),
moments and values belong to the rows they stand beside (`binding`), figures count every row once
(`soundness`).

What `LocalSqlWriter.compose` guarantees when it returns a statement:

- every word was read as a table, a column, a value, an operator, or one of a short list of words that tie;
  a verb with a content of its own ties only where the tables or columns that are read say the same;
- something of this database was named: a table or a column;
- no other reading with another result came close, and few words were merely skipped (`Reading.doubt`);
- no sum, average or number of rows counts a row twice because of a join; what is left out, and what is in
  both of two sets, is compared by key where rows are named;
- a column whose values could not be read, or not in time, has none: its values are not recognised.

Words that tie, such as prepositions and "have", are not checked for what they say.
"""
