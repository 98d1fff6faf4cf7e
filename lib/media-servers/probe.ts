import type { ProbeResult } from '../rotation/state.ts';

/** What a server answered, as far as a probe reads it. */
export interface ProbeAnswer {
  readonly status: number;
  readonly text: string;
  /** The `Location` header as it was sent. */
  readonly location: string | undefined;
}

/**
 * A connection to one media server. It goes to the configured origin alone, follows no redirect, and reads 64 KiB at most.
 * If the server does not answer, its methods reject with a `ProbeError`.
 */
export interface ProbeConnection {
  post(url: URL, contentType: string, body: string): Promise<ProbeAnswer>;
  /** Ends a session that a probe opened. Sends nothing if the URL has another origin. */
  remove(url: URL): Promise<void>;
  /** Opens a WebSocket: what the server said first, or `open` if it said nothing for as long as it takes to decide. */
  openSocket(url: URL): Promise<'open' | 'message' | { readonly code: number; readonly reason: string }>;
}

/** The reason that a server gave no readable answer: one line, without a token. */
export class ProbeError extends Error {
  override readonly name = 'ProbeError';
}

/** One connection attempt with a token, in a server's own wire form. May reject with a {@link ProbeError}. */
export type ProbeAttempt = (
  address: URL,
  token: string,
  room: string,
  connection: ProbeConnection,
) => Promise<ProbeResult>;

/** A refusal, with the server's own words as the problem. */
export function refused(problem: string): ProbeResult {
  return { accepted: false, problem };
}
