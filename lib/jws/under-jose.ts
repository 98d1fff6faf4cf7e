/** The bundler gives these to `jose` instead of functions that Node 24 lacks or runs slowly. */

export { fromBase64 } from './from-base64.ts';
export { verifyAtOnce } from './verify-at-once.ts';
