/** What the bundler puts under `jose`, in the place of what Node 24 does slowly or lacks. */

export { fromBase64 } from './from-base64.ts';
export { verifyAtOnce } from './verify-at-once.ts';
