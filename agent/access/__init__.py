"""Who is asking, and what they may do: API keys, visitors of a web site, limits."""
