import { createHash } from 'node:crypto';
import type { ApiGatewayResponse } from '../api-gateway/event.ts';
import { escapeHtml } from '../api-gateway/escape-html.ts';

const STYLE = `:root{color-scheme:light dark}
body{margin:0 auto;max-width:44rem;padding:1rem;font:1rem/1.6 system-ui,sans-serif}
h2{margin-top:2.5rem}
h3{font-family:ui-monospace,monospace;scroll-margin-top:1rem}
h3:target{outline:2px solid;outline-offset:.3rem}
pre{overflow-x:auto}
pre,code{font-family:ui-monospace,monospace;font-size:.95em}
p{overflow-wrap:anywhere}`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/**
 * The page that `error_uri` points to: docs/errors.md as HTML, in which each reason's heading is an anchor of its name. It
 * loads nothing and runs nothing.
 *
 * @param markdown headings, paragraphs, fenced code and code in a line; other Markdown is shown as it is written
 */
export function errorsPage(markdown: string): ApiGatewayResponse {
  return {
    statusCode: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'public, max-age=3600',
      'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    },
    body: [
      '<!doctype html>',
      '<html lang="en">',
      '<head>',
      '<meta charset="utf-8">',
      '<meta name="viewport" content="width=device-width, initial-scale=1">',
      '<title>Errors – streampass</title>',
      `<style>${STYLE}</style>`,
      '</head>',
      '<body>',
      '<main>',
      ...toBlocks(markdown).map(blockToHtml),
      '</main>',
      '</body>',
      '</html>',
    ].join('\n'),
  };
}

/** Blocks are separated by empty lines. An empty line within fenced code does not separate. */
function toBlocks(markdown: string): readonly string[] {
  return markdown.match(/^```[^]*?^```$|^(?!```)\S.*(?:\n(?!```).*\S.*)*/gm) ?? [];
}

function blockToHtml(block: string): string {
  const fenced = /^```\w*\n([^]*?)\n?```$/.exec(block);
  if (fenced) return `<pre tabindex="0"><code>${escapeHtml(fenced[1] ?? '')}</code></pre>`;
  const heading = /^(#{1,3}) (.+)$/.exec(block);
  if (!heading) return `<p>${toLine(block)}</p>`;
  const [, hashes = '', title = ''] = heading;
  const id = hashes.length === 3 ? ` id="${escapeHtml(title)}"` : '';
  return `<h${hashes.length}${id}>${toLine(title)}</h${hashes.length}>`;
}

function toLine(text: string): string {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}
