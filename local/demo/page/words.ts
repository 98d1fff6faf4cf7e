/** `0:05`, `1:30`, `2 h 05 min`: a time that is left, never less than none. */
export function duration(seconds: number): string {
  const left = Math.max(0, Math.ceil(seconds));
  if (left >= 3600) return `${Math.floor(left / 3600)} h ${pad(Math.floor(left / 60) % 60)} min`;
  return `${Math.floor(left / 60)}:${pad(left % 60)}`;
}

/** The time of day, by the reader's own custom. */
export function timeOfDay(epochMs: number): string {
  return new Date(epochMs).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

/** The time of day of what comes within a day, and the date of what comes later. */
export function timeOrDate(epochMs: number, now: number): string {
  const isLater = epochMs - now > 86_400_000;
  return isLater ? new Date(epochMs).toLocaleDateString([], { dateStyle: 'long' }) : timeOfDay(epochMs);
}

/** What a secret's version is called in a token's `kid`: its first 8 characters. */
export function kidOf(version: string): string {
  return version.slice(0, 8);
}

/** `red5-0` of `…/red5-0/red5-web.properties`; any other name as it is. */
export function nodeName(node: string): string {
  return node.split('/').at(-2) ?? node;
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
