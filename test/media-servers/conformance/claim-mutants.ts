import { isJsonObject, type JsonObject } from '../../../lib/jws/compact.ts';

/** A token's claims with one of them changed. */
export interface ClaimMutant {
  /** What was changed, and how: `video.room dropped`. */
  readonly name: string;
  readonly path: string;
  readonly claims: JsonObject;
}

type Path = readonly string[];

/**
 * Each claim dropped, emptied, widened and given another type, one at a time; also those within claims, and each member of an
 * array.
 *
 * @param wider claims of the same target that allow more: what stands at the same place in them is a widening
 */
export function claimMutants(claims: JsonObject, wider: readonly JsonObject[]): readonly ClaimMutant[] {
  return pathsOf(claims).flatMap((path) => {
    const value = valueAt(claims, path);
    const others = distinct([
      ...wider.map((one) => valueAt(one, path)).filter((other) => other !== undefined),
      ...wideningsOf(value),
    ]);
    const changed: readonly (readonly [how: string, value: unknown])[] = [
      ['dropped', undefined],
      ['emptied', emptied(value)],
      ...others.map((other) => [`widened to ${JSON.stringify(other)}`, other] as const),
      ...retyped(value).map((other) => [`retyped to ${JSON.stringify(other)}`, other] as const),
    ];
    return changed
      .filter(([how, other]) => how === 'dropped' || JSON.stringify(other) !== JSON.stringify(value))
      .map(([how, other]) => ({
        name: `${path.join('.')} ${how}`,
        path: path.join('.'),
        claims: withValue(claims, path, other),
      }));
  });
}

function distinct(values: readonly unknown[]): readonly unknown[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}

/** Every place in the claims, containers before what is in them. */
function pathsOf(value: unknown, path: Path = []): readonly Path[] {
  const entries = isJsonObject(value) || Array.isArray(value) ? Object.entries(value) : [];
  return entries.flatMap(([name, member]) => [[...path, name], ...pathsOf(member, [...path, name])]);
}

function valueAt(value: unknown, [name, ...rest]: Path): unknown {
  if (name === undefined) return value;
  const member: unknown =
    (isJsonObject(value) || Array.isArray(value)) && Object.hasOwn(value, name)
      ? Object.entries(value).find(([key]) => key === name)?.[1]
      : undefined;
  return valueAt(member, rest);
}

function withValue(value: JsonObject, path: Path, changed: unknown): JsonObject {
  const copy = structuredClone(value);
  let container: Record<string, unknown> = copy as Record<string, unknown>;
  for (const name of path.slice(0, -1)) container = container[name] as Record<string, unknown>;
  const last = path.at(-1) ?? '';
  if (changed !== undefined) container[last] = changed;
  else if (Array.isArray(container)) container.splice(Number(last), 1);
  else delete container[last];
  return copy;
}

function emptied(value: unknown): unknown {
  if (typeof value === 'string') return '';
  if (Array.isArray(value)) return [];
  return isJsonObject(value) ? {} : null;
}

const TEN_YEARS = 10 * 365 * 86_400;

/** What servers read as "any", or as more. */
function wideningsOf(value: unknown): readonly unknown[] {
  if (typeof value === 'string') return ['*', `${value},room-2`, value.slice(0, -1), `~${value.slice(0, 1)}`];
  if (typeof value === 'boolean') return [!value];
  return typeof value === 'number' ? [value + TEN_YEARS] : [];
}

function retyped(value: unknown): readonly unknown[] {
  if (typeof value === 'string') return [7, true, { value }];
  if (Array.isArray(value)) return ['text', 7, Object.assign({}, value)];
  if (isJsonObject(value)) return ['text', 7, [value]];
  return [String(value), [value]];
}
