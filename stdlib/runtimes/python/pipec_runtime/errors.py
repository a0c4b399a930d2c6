"""The runtime's own errors. Their texts name fields and places, never payload values, so they may be logged."""


class PipecError(Exception):
    """Base of all errors below."""


class PackageError(PipecError):
    """The package itself is wrong: `pipec.json`, its schemas, its variables, or the handler's file."""


class EmitError(PipecError):
    """`context.emit` was refused."""


class SecretError(PipecError):
    """`context.secret` was refused."""


class EventsFailed(PipecError):
    """An invocation whose transport has no partial answer failed."""


class NotStored(PipecError):
    """An event that is to be answered could not be stored."""


class NotAnswered(PipecError):
    """The caller who waits gets no answer. The text is all that the caller may learn."""


class Rejected(PipecError):
    """What arrived is not an event of this subscriber."""

    def __init__(self, reason, pointer=None, source=None):
        super().__init__(f"{reason} at {pointer or '/'}" if pointer is not None else reason)
        self.reason = reason
        self.pointer = pointer
        self.source = source


class AnswerRefused(Rejected):
    """What the handler returned is not the answer that the event declares."""
