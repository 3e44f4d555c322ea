"""Knowledge: documents to text, text to chunks, chunks to a store that can be searched."""
