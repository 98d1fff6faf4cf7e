/** fast-jwt without its cache. */

import { fastJwtHandler } from './fast-jwt-parts.ts';

export const handler = fastJwtHandler(false);
