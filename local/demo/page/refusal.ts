/** A media server that turned a token away, in its own words. */
export class Refused extends Error {
  override readonly name = 'Refused';
  /** As streampass-client reads it. */
  readonly status = 403;
}

/** A media server that did not decide: no node was up, or it could not be reached. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  readonly status = 503;
}
