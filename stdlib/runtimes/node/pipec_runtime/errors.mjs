// The runtime's own errors. Their texts name fields and places, never payload values, so they may be logged.

export class PipecError extends Error {
  get name() {
    return this.constructor.name;
  }
}

// The package itself is wrong: `pipec.json`, its schemas, or the handler's file.
export class PackageError extends PipecError {}

// `context.emit` was refused.
export class EmitError extends PipecError {}

// An invocation whose transport has no partial answer failed.
export class EventsFailed extends PipecError {}

// What arrived is not an event of this subscriber.
export class Rejected extends PipecError {
  constructor(reason, pointer, source) {
    super(pointer === undefined ? reason : `${reason} at ${pointer || "/"}`);
    this.reason = reason;
    this.pointer = pointer;
    this.source = source;
  }
}
