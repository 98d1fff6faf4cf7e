/** What the page is told by `GET /config.json`; it reads this type too. */
export interface DemoConfig {
  readonly tokenEndpoint: string;
  readonly oidcIssuer: string;
  readonly clientId: string;
  /** Origins by target. */
  readonly servers: Readonly<Record<'red5' | 'jitsi' | 'rtcstats', string>>;
  /** Only `demo` has waits of seconds. */
  readonly profile: 'default' | 'demo';
}
