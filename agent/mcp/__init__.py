"""The front for editors and agents: a server of the Model Context Protocol."""
