/** A parsed JSON object: any member may be missing or of any JSON type. */
export type JsonObject = Readonly<Record<string, unknown>>;
