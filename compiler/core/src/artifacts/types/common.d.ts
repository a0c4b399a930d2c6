
/** An event, as `handle` gets it. */
export interface Event<Payload> {
  /** The same each time that the event is delivered. */
  readonly id: string;
  /** `APP.EVENT.vN`; older events may have an older version. */
  readonly type: string;
  readonly source: string;
  /** RFC 3339; `null` where the sender left it out. */
  readonly time: string | null;
  /** The payload, checked, its defaults filled in. */
  readonly data: Payload;
}

/** Writes one JSON line a call, with the event's id and type. */
export interface Logger {
  info(message: unknown, fields?: object): void;
  warn(message: unknown, fields?: object): void;
  error(message: unknown, fields?: object): void;
}

/** What a handler gets beside the event, `Emits` being the names of the events that it may emit. */
export interface Context<Emits extends keyof Inputs = never> {
  /** 1, 2, … from the queue's receive count; 1 where there is none. */
  readonly attempt: number;
  readonly logger: Logger;
  /** Lambda's own context. */
  readonly aws: any;
  /** Publishes an event and resolves to its id; rejects with `EmitError` if it is refused. */
  emit<Name extends Emits>(name: Name, data: Inputs[Name]): Promise<string>;
  /** Resolves to the value of a secret that the subscriber declares. */
  secret(name: string): Promise<string>;
}

/**
 * The function `handle` of an event: `Handler<"BuildingExited">`. With several subscribers that emit different events,
 * the second name is the subscriber's.
 */
export type Handler<
  Name extends keyof Events,
  By extends keyof Subscribers[Name] = keyof Subscribers[Name],
> = (event: Events[Name], context: Context<Subscribers[Name][By] & keyof Inputs>) => Returned<Name, By>;

/** The answer where the sender waits for one, which is the subscriber `responds`; of all others nothing is asked. */
export type Returned<Name, By> = [By] extends ["responds"]
  ? Name extends keyof Answers
    ? Answers[Name] | Promise<Answers[Name]>
    : void | Promise<any>
  : void | Promise<any>;
