/** A node reports every 40 s: its last report says nothing of now once it is this old, in seconds. */
export const REPORT_MAX_AGE = 180;
