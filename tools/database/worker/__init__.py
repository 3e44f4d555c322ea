"""Runs database statements in processes of their own, which can be killed and may take little memory.

`isolated` is the database as the rest sees it, `pool` keeps the processes, `processes` is the parent's side
of one of them, `program` what it runs, under the `limits`; `channel` and `messages` are how the two talk.
"""
