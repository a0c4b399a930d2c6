// The authorizer's own errors. They hold words of its own and never what a caller or issuer sent, so they may be logged.

// The environment variables are wrong: nobody is let in.
export class ConfigError extends Error {
  name = "ConfigError";
}

// The token is refused. `reason` is one of the words in the README.
export class Denied extends Error {
  name = "Denied";

  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

// The issuer's keys cannot be had.
export class IssuerError extends Error {
  name = "IssuerError";

  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}
