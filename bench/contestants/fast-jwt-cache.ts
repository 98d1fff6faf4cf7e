/** fast-jwt with its cache of verified tokens. */

import { fastJwtHandler } from './fast-jwt-parts.ts';

export const handler = fastJwtHandler(true);
