// The runtime's own errors. Their texts name fields and places, never payload values, so they may be logged.

export class PipecError extends Error {
  get name() {
    return this.constructor.name;
  }
}

// The package itself is wrong: `pipec.json`, its schemas, its variables, or the handler's file.
export class PackageError extends PipecError {}

// `context.emit` was refused.
export class EmitError extends PipecError {}

// `context.secret` was refused.
export class SecretError extends PipecError {}

// An invocation whose transport has no partial answer failed.
export class EventsFailed extends PipecError {}

// An event that is to be answered could not be stored.
export class NotStored extends PipecError {}

// The caller who waits gets no answer. The text is all that the caller may learn.
export class NotAnswered extends PipecError {}

// What arrived is not an event of this subscriber.
export class Rejected extends PipecError {
  constructor(reason, pointer, source) {
    super(pointer === undefined ? reason : `${reason} at ${pointer || "/"}`);
    this.reason = reason;
    this.pointer = pointer;
    this.source = source;
  }
}

// What the handler returned is not the answer that the event declares.
export class AnswerRefused extends Rejected {}
