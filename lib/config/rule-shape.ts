import type { Rule } from '../policy/rule.ts';

/** What is wrong with the shape of a rule: the field, empty where it is the whole rule, and one line. */
export interface ShapeProblem {
  readonly field: string;
  readonly problem: string;
}

type Shape = readonly [fits: (value: unknown) => boolean, expected: string];

const TEXT: Shape = [(value) => typeof value === 'string', 'must be a text'];
const TEXTS: Shape = [isListOf((entry) => typeof entry === 'string'), 'must be a list of texts'];
const NUMBER: Shape = [(value) => typeof value === 'number', 'must be a number of seconds'];

const SHAPES: Readonly<Record<keyof Rule, Shape>> = {
  target: TEXT,
  actions: TEXTS,
  rooms: TEXTS,
  transports: TEXTS,
  ttl: NUMBER,
  withinSignIn: [(value) => typeof value === 'boolean', 'must be true or false'],
  group: TEXT,
  issuer: TEXT,
  signedInWithin: NUMBER,
  when: [(value) => typeof value === 'function', 'must be a function'],
  claims: [isClaims, 'must be an object of texts, numbers, true or false, or lists of these'],
};

const REQUIRED = ['target', 'actions', 'rooms', 'ttl'] as const;

/**
 * Where a rule is not what its type says: the build strips types and checks none. A condition under a wrong name, or without
 * a value, would be no condition, and the rule everyone's.
 */
export function ruleShapeProblems(rule: unknown): readonly ShapeProblem[] {
  if (!isObject(rule)) return [{ field: '', problem: 'must be a rule: an object' }];
  const missing = REQUIRED.filter((field) => !Object.hasOwn(rule, field));
  return [
    ...missing.map((field) => ({ field, problem: 'is missing' })),
    ...Object.entries(rule).flatMap(([field, value]) => {
      if (!isRuleField(field)) {
        return [{ field, problem: `a rule has no such field: it has ${Object.keys(SHAPES).join(', ')}` }];
      }
      const [fits, expected] = SHAPES[field];
      return fits(value) ? [] : [{ field, problem: expected }];
    }),
  ];
}

function isRuleField(field: string): field is keyof Rule {
  return Object.hasOwn(SHAPES, field);
}

function isClaims(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((wanted) => isScalar(wanted) || isScalars(wanted));
}

function isScalar(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function isScalars(value: unknown): boolean {
  return isListOf(isScalar)(value);
}

function isListOf(fits: (entry: unknown) => boolean): (value: unknown) => boolean {
  return (value) => Array.isArray(value) && value.every(fits);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
