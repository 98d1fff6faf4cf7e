declare module 'dynalite' {
  import type { Server } from 'node:http';
  /** @see https://github.com/mhart/dynalite */
  export default function dynalite(options: {
    /** A folder · default: tables are kept in memory. */
    readonly path?: string;
    readonly createTableMs?: number;
  }): Server;
}
