"""The sample company Fernhill: documents, database, configuration and questions."""
