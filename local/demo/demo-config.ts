/** A target's media servers. */
export interface DemoServer {
  /** Its name in the configuration. */
  readonly target: string;
  readonly kind: 'red5' | 'jitsi' | 'rtcstats';
  /** Their origin. */
  readonly url: string;
}

/** What the page is told by `GET /config.json`; it reads this type too. */
export interface DemoConfig {
  readonly tokenEndpoint: string;
  readonly oidcIssuer: string;
  readonly clientId: string;
  /** The targets that have media servers in this stack. */
  readonly servers: readonly DemoServer[];
  /** Only `demo` has waits of seconds. */
  readonly profile: 'default' | 'demo';
}
