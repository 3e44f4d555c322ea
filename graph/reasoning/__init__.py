"""The judgments of the graph behind four ports, each with a local and a language-model side."""
