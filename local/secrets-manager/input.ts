// Reads the members of a request. A member that is null counts as left out, one of another JSON type is a
// SerializationException, one out of its documented range an InvalidParameterException: never a crash.

import { Buffer } from 'node:buffer';
import { invalidParameter, invalidRequest, ServiceError } from './service-error.ts';
import type { SecretValue, Tag } from './store.ts';

/** A request's JSON object, as sent by anyone. */
export type Input = Readonly<Record<string, unknown>>;

const MAX_VALUE_BYTES = 65_536;

function mistyped(member: string, wanted: string): ServiceError {
  return new ServiceError('SerializationException', `${member} must be ${wanted}.`);
}

/** True for a JSON object, which an array or null is not. */
export function isInput(value: unknown): value is Input {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A string of `min` to `max` characters, or undefined where left out. */
export function optionalText(input: Input, member: string, min: number, max: number): string | undefined {
  const value = input[member] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw mistyped(member, 'a string');
  if (value.length < min || value.length > max) {
    throw invalidParameter(`${member} must be ${min}-${max} characters long.`);
  }
  return value;
}

/** A string of `min` to `max` characters; left out is an InvalidParameterException. */
export function requiredText(input: Input, member: string, min: number, max: number): string {
  const value = optionalText(input, member, min, max);
  if (value === undefined) throw invalidParameter(`You must provide a value for ${member}.`);
  return value;
}

/** The secret's name or ARN. */
export function readSecretId(input: Input): string {
  return requiredText(input, 'SecretId', 1, 2048);
}

/** A whole number from `min` to `max`, or undefined where left out. */
export function optionalInteger(input: Input, member: string, min: number, max: number): number | undefined {
  const value = input[member] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value)) throw mistyped(member, 'a whole number');
  if (value < min || value > max) throw invalidParameter(`${member} must be between ${min} and ${max}.`);
  return value;
}

/** A boolean, or undefined where left out. */
export function optionalFlag(input: Input, member: string): boolean | undefined {
  const value = input[member] ?? undefined;
  if (value !== undefined && typeof value !== 'boolean') throw mistyped(member, 'true or false');
  return value;
}

/** A list of `min` to `max` strings, each of 1 to `maxLength` characters, or undefined where left out. */
export function optionalTexts(
  input: Input,
  member: string,
  { min, max, maxLength }: { min: number; max: number; maxLength: number },
): readonly string[] | undefined {
  const values = input[member] ?? undefined;
  if (values === undefined) return undefined;
  if (!isTextList(values)) throw mistyped(member, 'a list of strings');
  if (values.length < min || values.length > max) {
    throw invalidParameter(`${member} must have ${min} to ${max} entries.`);
  }
  if (values.some((value) => value.length < 1 || value.length > maxLength)) {
    throw invalidParameter(`Each entry of ${member} must be 1-${maxLength} characters long.`);
  }
  return values;
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

/** A list of JSON objects, or undefined where left out. */
export function optionalObjects(input: Input, member: string): readonly Input[] | undefined {
  const values = input[member] ?? undefined;
  if (values === undefined) return undefined;
  if (!Array.isArray(values) || !values.every(isInput)) throw mistyped(member, 'a list of objects');
  return values;
}

/** `Tags`, or undefined where left out. */
export function optionalTags(input: Input): readonly Tag[] | undefined {
  return optionalObjects(input, 'Tags')?.map((tag) => ({
    key: requiredText(tag, 'Key', 1, 128),
    value: optionalText(tag, 'Value', 0, 256) ?? '',
  }));
}

/** ClientRequestToken, or undefined where left out; SDKs always send one. */
export function optionalToken(input: Input): string | undefined {
  return optionalText(input, 'ClientRequestToken', 32, 64);
}

/** ClientRequestToken of a call that makes a version. */
export function requiredToken(input: Input): string {
  const token = optionalToken(input);
  if (token === undefined) {
    throw invalidRequest('You must provide a ClientRequestToken value. We recommend a UUID-type value.');
  }
  return token;
}

/** SecretString or SecretBinary (base64, kept in canonical form), or undefined where neither is there. */
export function optionalValue(input: Input): SecretValue | undefined {
  const string = input['SecretString'] ?? undefined;
  const binary = input['SecretBinary'] ?? undefined;
  if (string !== undefined && typeof string !== 'string') throw mistyped('SecretString', 'a string');
  if (binary !== undefined && typeof binary !== 'string') throw mistyped('SecretBinary', 'a base64 string');
  if (string !== undefined && binary !== undefined) {
    throw invalidParameter("You can't specify both SecretString and SecretBinary.");
  }
  if (string !== undefined) {
    checkSize('SecretString', Buffer.byteLength(string));
    return { string };
  }
  if (binary === undefined) return undefined;
  const bytes = Buffer.from(binary, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== binary.replace(/=+$/, '')) {
    throw mistyped('SecretBinary', 'a base64 string');
  }
  checkSize('SecretBinary', bytes.length);
  return { binaryBase64: bytes.toString('base64') };
}

function checkSize(member: string, bytes: number): void {
  if (bytes < 1 || bytes > MAX_VALUE_BYTES) {
    throw invalidParameter(`${member} must be 1-${MAX_VALUE_BYTES} bytes long.`);
  }
}
