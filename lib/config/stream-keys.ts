/** What the secret of stream keys, and its rotation, is called: no target may have this name. */
export const STREAM_KEYS = 'stream-keys';
