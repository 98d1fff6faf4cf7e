/** What a test can do with a page, and what the page saw. */
export interface HookPage {
  readonly seen: {
    /** The status in each render. */
    readonly statuses: string[];
    /** Renders that were given a closed StreamPass. */
    closed: number;
    /** What `token()` rejected with. */
    readonly errors: string[];
  };
  readonly set: (room: string, user: string) => unknown;
  readonly unmount: () => unknown;
  readonly renew: () => Promise<string | undefined>;
  readonly current: () => string | undefined;
}
