"""The SQL database: a guard, a read-only engine and a catalogue of named queries."""
