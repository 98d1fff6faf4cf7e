import { existsSync, globSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { defineConfig, type MarkdownRenderer } from 'vitepress';
import { ADDRESS_OF, GROUPS } from './pages.ts';

const root = join(import.meta.dirname, '../..');

/** The anchor of a heading as GitHub makes it, so that one link works in both places. */
function slugify(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}

/**
 * Points links between files of the repository to their pages. A file that is not a page is named without a link, since the
 * site holds no source code.
 *
 * @throws {Error} a link leads to a file that does not exist
 */
function linkPages(md: MarkdownRenderer): void {
  md.core.ruler.push('link-pages', ({ tokens, env }) => {
    const page = relative(root, (env.realPath as string | undefined) ?? (env.path as string));
    for (const inline of tokens) {
      let isLink = true;
      for (const token of inline.children ?? []) {
        const href = token.attrGet('href');
        if (token.type === 'link_open' && href !== null) {
          const address = addressOf(page, href);
          isLink = address !== undefined;
          if (isLink) token.attrSet('href', address ?? href);
          else token.attrs = null;
        }
        if (!isLink && token.type.startsWith('link_')) token.tag = 'span';
      }
    }
  });
}

function addressOf(page: string, href: string): string | undefined {
  if (/^([a-z]+:|#)/.test(href)) return href;
  const [path = '', anchor] = href.split('#');
  const file = join(dirname(page), decodeURI(path));
  if (file.startsWith('..') || !existsSync(join(root, file)))
    throw new Error(`${page}: ${href} leads nowhere`);
  const address = ADDRESS_OF.get(file);
  if (address === undefined) return undefined;
  return `/${address}${anchor === undefined ? '' : `#${anchor}`}`;
}

export default defineConfig({
  title: 'streampass',
  description:
    'Short-lived JWTs for media servers, and a rotation of their secrets without one rejected connection',
  srcDir: root,
  srcExclude: globSync('**/*.md', { cwd: root, exclude: ['**/node_modules'] }).filter(
    (file) => !ADDRESS_OF.has(file),
  ),
  rewrites: Object.fromEntries(ADDRESS_OF),
  cleanUrls: true,
  ignoreDeadLinks: 'localhostLinks',
  markdown: { anchor: { slugify }, config: linkPages },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'By role', link: '/' },
      { text: 'First steps', link: '/first-steps' },
    ],
    sidebar: GROUPS.map(({ title, pages }) => ({
      text: title,
      items: pages.map(([file, text]) => ({
        text,
        link: `/${ADDRESS_OF.get(file)?.replace(/(index)?\.md$/, '')}`,
      })),
    })),
  },
});
