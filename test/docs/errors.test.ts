import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { errorsPage } from '../../lib/oauth/errors-page.ts';
import { errorResponse } from '../../lib/exchange/token-response.ts';
import { OAuthError } from '../../lib/oauth/oauth-error.ts';
import { REASONS } from '../../lib/oauth/reasons.ts';
import type { Reason } from '../../lib/oauth/reasons.ts';

const markdown = await readFile(join(import.meta.dirname, '../../docs/errors.md'), 'utf8');
const page = errorsPage(markdown);
const reasons = Object.keys(REASONS) as Reason[];

/** The text under each `###` heading. */
const entries = new Map(
  markdown
    .split(/^### /m)
    .slice(1)
    .map((entry) => {
      const [title = '', ...lines] = entry.split('\n');
      const text = lines.join('\n').split(/^## /m)[0] ?? '';
      return [title, text.trim()];
    }),
);

describe('docs/errors.md', () => {
  test('has one entry for each reason, and no other', () => {
    expect([...entries.keys()].sort()).toEqual([...reasons].sort());
    expect(markdown.match(/^### /gm)).toHaveLength(reasons.length);
  });

  test.each(reasons)('says something of %s', (reason) => {
    expect(entries.get(reason)?.length).toBeGreaterThan(60);
  });

  test('names no reason that does not exist', () => {
    const mentioned = markdown.match(/(?<=see `)[a-z_]+(?=`)/g) ?? [];
    expect(mentioned.filter((name) => !Object.hasOwn(REASONS, name))).toEqual([]);
  });
});

describe.each(reasons)('the answer for %s', (reason) => {
  const error = new OAuthError(reason, 7);
  const response = errorResponse(error, 'https://streampass.example.com/errors');
  const body = JSON.parse(response.body) as Record<string, unknown>;

  test('has a description in the characters of RFC 6749 §5.2', () => {
    expect(body['error_description']).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/);
  });

  test('points to its entry on the page', () => {
    const uri = new URL(String(body['error_uri']));
    expect(uri.pathname).toBe('/errors');
    expect(page.body.split(`id="${uri.hash.slice(1)}"`)).toHaveLength(2);
  });

  test('says how long to wait where waiting helps, and only there', () => {
    const waits =
      response.statusCode === 503 || ['too_many_tokens', 'subject_token_key_unknown'].includes(reason);
    expect(response.statusCode === 503).toBe(body['error'] === 'temporarily_unavailable');
    expect(response.headers['retry-after']).toBe(waits ? '7' : undefined);
    expect(body['retry_after']).toBe(waits ? 7 : undefined);
  });
});

describe('the page of errors', () => {
  test('may load and run nothing', () => {
    expect(page.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/]+='/,
    );
    expect(page.body).not.toMatch(/<script|<link|<img|<iframe|javascript:|@import|url\(/i);
  });

  test('has a title, a language and one main heading', () => {
    expect(page.body).toContain('<html lang="en">');
    expect(page.body).toMatch(/<title>[^<]+<\/title>/);
    expect(page.body.match(/<h1>/g)).toHaveLength(1);
  });

  test('shows every paragraph of the document once', () => {
    const prose = markdown.replace(/^```[^]*?^```$/gm, '');
    const paragraphs = prose.split(/\n{2,}/).filter((block) => /^[^#]/.test(block.trim()));
    const shown = page.body.match(/<p>[^]*?<\/p>/g) ?? [];
    expect(shown).toHaveLength(paragraphs.length);
  });

  test.each([
    ['a paragraph', 'one\ntwo & <three>', '<p>one\ntwo &amp; &lt;three&gt;</p>'],
    ['code in a line', 'say `a<b` twice: `c`', '<p>say <code>a&lt;b</code> twice: <code>c</code></p>'],
    [
      'fenced code',
      '```json\n{\n\n  "a": 1 }\n```',
      '<pre tabindex="0"><code>{\n\n  &quot;a&quot;: 1 }</code></pre>',
    ],
    ['a section', '## Try again', '<h2>Try again</h2>'],
    ['a reason', '### no_issuer', '<h3 id="no_issuer">no_issuer</h3>'],
    ['markup in a heading', '### "><b>', '<h3 id="&quot;&gt;&lt;b&gt;">&quot;&gt;&lt;b&gt;</h3>'],
  ])('shows %s', (_title, source, html) => {
    expect(errorsPage(source).body).toContain(`<main>\n${html}\n</main>`);
  });
});
