"""pipec's Python runtime: calls `handle(event, context)` once an event, whatever transport brought it."""
