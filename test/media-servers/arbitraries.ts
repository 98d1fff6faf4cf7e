import fc from 'fast-check';

/** A secret as `openssl rand -base64 32` or base64url may make it, and some that look like numbers or words. */
export const newSecret = fc.oneof(
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
  fc.stringMatching(/^[A-Za-z0-9+/=_-]{1,43}$/),
  fc.constantFrom(
    'true',
    'null',
    '123',
    '1e5',
    '0x1F',
    '-',
    '---',
    '-1',
    '1_000',
    'no',
    '0o17',
    '=',
    '2001-01-01',
  ),
);
