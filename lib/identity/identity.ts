/** A user, or a service, as the provider vouches for them: what grants are decided on. */
export interface Identity {
  /** The issuer, exactly as configured. */
  readonly issuer: string;
  /** The provider's `sub`: 1 to 255 characters. */
  readonly subject: string;
  /** Group names, compared exactly. */
  readonly groups: readonly string[];
  /** The verified token's claims set. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** When the subject token ends, epoch seconds. */
  readonly expiresAt: number;
  /** Whether it is a service, by a token that no user signed in for: only rules for services match it. */
  readonly isService?: boolean;
  /** The id of the stream key that stands for the sign-in, if one does. */
  readonly streamKey?: string;
  /** The hashes of user and sign-in by which they can be denied, if they were made already. */
  readonly hashes?: string;
}
