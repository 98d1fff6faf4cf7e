/** The name of the stream keys' secret and of its rotation. No target may have this name. */
export const STREAM_KEYS = 'stream-keys';
