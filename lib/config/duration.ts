/** So many minutes, in seconds. */
export function minutes(count: number): number {
  return count * 60;
}

/** So many days, in seconds. */
export function days(count: number): number {
  return count * 86_400;
}

/** So many hours, in seconds. */
export function hours(count: number): number {
  return count * 3600;
}
