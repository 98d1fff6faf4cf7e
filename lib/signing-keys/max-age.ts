/** How long servers may keep the public keys they fetched, in seconds: what the key set is served with, and what a rotation waits. */
export const PUBLIC_KEY_MAX_AGE = 300;
