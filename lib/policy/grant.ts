import type { Caps } from './caps.ts';

/** The transports that a grant can name, as Red5's `red5-transport` claim spells them. */
export const TRANSPORTS = ['WHIP', 'WHEP', 'RTMP', 'RTSP'] as const;
/** One of {@link TRANSPORTS}. */
export type Transport = (typeof TRANSPORTS)[number];

/** The permission for one request. Each combination of these sets is allowed by one single rule. */
export interface Grant extends Caps {
  readonly actions: readonly string[];
  /** Names, already folded to the target's case; `*` if any room is allowed. */
  readonly rooms: readonly string[] | '*';
  /** Empty for a target that knows no transports. */
  readonly transports: readonly Transport[];
  /** Lifetime in seconds. */
  readonly ttlSeconds: number;
}
