/** So many minutes, in seconds. */
export function minutes(count: number): number {
  return count * 60;
}

/** So many hours, in seconds. */
export function hours(count: number): number {
  return count * 3600;
}
