/** Minutes in seconds. */
export function minutes(count: number): number {
  return count * 60;
}

/** Days in seconds. */
export function days(count: number): number {
  return count * 86_400;
}

/** Hours in seconds. */
export function hours(count: number): number {
  return count * 3600;
}
