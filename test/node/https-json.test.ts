import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MAX_BYTES, getJson } from '../../lib/node/https-json.ts';
import { cutOff, hang, redirect, startProvider, text } from '../identity/provider.ts';
import type { Answer, Provider } from '../identity/provider.ts';

let provider: Provider;
beforeEach(async () => {
  provider = await startProvider();
});
afterEach(() => provider.close());

/** A JSON string literal of so many bytes. */
const jsonOf = (bytes: number): string => `"${'x'.repeat(bytes - 2)}"`;

describe('getJson', () => {
  test('gives the document', async () => {
    provider.answers.set('/jwks', { keys: [] });
    expect(await getJson(`${provider.origin}/jwks`, 3)).toEqual({ keys: [] });
  });

  test('asks for no content type, since providers differ', async () => {
    provider.answers.set('/jwks', text('{"keys":[]}'));
    expect(await getJson(`${provider.origin}/jwks`, 3)).toEqual({ keys: [] });
  });

  test('gives a document of the most bytes that are allowed, and none of one more', async () => {
    provider.answers.set('/most', text(jsonOf(MAX_BYTES)));
    provider.answers.set('/more', text(jsonOf(MAX_BYTES + 1)));
    expect(await getJson(`${provider.origin}/most`, 3)).toHaveLength(MAX_BYTES - 2);
    await expect(getJson(`${provider.origin}/more`, 3)).rejects.toThrow('sent more than 524288 bytes');
  });

  test.each<[string, Answer, string]>([
    ['404', text('', 404), 'answered 404 instead of 200'],
    ['500 with JSON', text('{}', 500), 'answered 500 instead of 200'],
    ['204', text('', 204), 'answered 204 instead of 200'],
    ['a page', text('<html>'), 'sent no JSON'],
    ['nothing', text(''), 'sent no JSON'],
    ['an answer that is cut off', cutOff, 'cannot be asked: aborted'],
    ['a closed connection', (response) => void response.destroy(), 'cannot be asked: socket hang up'],
  ])('rejects %s and says so', async (_what, answer, problem) => {
    provider.answers.set('/jwks', answer);
    await expect(getJson(`${provider.origin}/jwks`, 3)).rejects.toThrow(`${provider.origin}/jwks ${problem}`);
  });

  test('follows no redirect', async () => {
    provider.answers.set('/jwks', redirect(`${provider.origin}/other`));
    provider.answers.set('/other', { keys: [] });
    await expect(getJson(`${provider.origin}/jwks`, 3)).rejects.toThrow('answered 302 instead of 200');
    expect(provider.count('/other')).toBe(0);
  });

  test('tells nothing of what was sent', async () => {
    provider.answers.set('/jwks', text('a secret that is not JSON'));
    const error = await getJson(`${provider.origin}/jwks`, 3).catch((reason: unknown) => reason);
    expect(String(error)).not.toContain('secret');
  });

  test('gives up on a provider that never answers', async () => {
    provider.answers.set('/jwks', hang);
    await expect(getJson(`${provider.origin}/jwks`, 0.1)).rejects.toThrow('did not answer within 0.1 s');
  });

  test('gives up on a provider that goes on sending', async () => {
    provider.answers.set('/jwks', (response) => {
      const drip = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(drip));
    });
    await expect(getJson(`${provider.origin}/jwks`, 0.2)).rejects.toThrow('did not answer within 0.2 s');
  });

  test('rejects where nobody listens', async () => {
    await provider.close();
    await expect(getJson(`${provider.origin}/jwks`, 3)).rejects.toThrow('ECONNREFUSED');
    provider = await startProvider();
  });

  test('asks over https where the address says so', async () => {
    provider.answers.set('/jwks', { keys: [] });
    await expect(getJson(`${provider.origin.replace('http:', 'https:')}/jwks`, 3)).rejects.toThrow(
      'cannot be asked',
    );
    expect(provider.count('/jwks')).toBe(0);
  });

  test.each([
    'http://login.example.com/jwks',
    'http://127.0.0.1.example.com/',
    'ftp://127.0.0.1/',
    'file:///etc/hosts',
    'data:application/json,{}',
  ])('does not ask %s', async (url) => {
    await expect(getJson(url, 3)).rejects.toThrow('https only');
  });

  test('loads no fetch, which would cost a cold start a quarter of its time', async () => {
    provider.answers.set('/jwks', { keys: [] });
    const script = `
      import { getJson } from ${JSON.stringify(import.meta.resolve('../../lib/node/https-json.ts'))};
      await getJson(${JSON.stringify(`${provider.origin}/jwks`)}, 3);
      console.log(JSON.stringify(process.moduleLoadList.filter((name) => name.includes('undici'))));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
    expect(JSON.parse(stdout)).toEqual([]);
  });
});
