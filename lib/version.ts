/** The release of this code: the `version` of package.json. */
export const VERSION = '0.2.0';
