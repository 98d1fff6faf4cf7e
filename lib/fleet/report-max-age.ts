/** A node reports every 40 s. A report older than this many seconds no longer counts. */
export const REPORT_MAX_AGE = 180;
