/** A media server that turned a token away, in its own words. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** A media server that did not decide: no node was up, or it could not be reached. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}
