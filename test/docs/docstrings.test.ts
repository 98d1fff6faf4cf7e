import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
/** All that ships or is run by hand. The peers of the benchmarks are described by their files' first lines. */
const sources = [
  '{lib,functions,cli,infra,build,local,node-agent,server-plugins}/**/*.ts',
  'client/src/*.ts',
  'bench/{measure/,}*.ts',
].flatMap((pattern) => globSync(pattern, { cwd: root, exclude: ['**/node_modules/**', '**/dist/**'] }));

const EXPORT = /^export (?:declare )?(?:async )?(?:const|function\*?|interface|type|class) (\w+)/;

/** Names that a file exports with no docstring on the line before. */
function withoutDocstring(text: string): readonly string[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('// oxlint-'));
  return lines.flatMap((line, index) => {
    const [, name] = EXPORT.exec(line) ?? [];
    return name === undefined || lines[index - 1]?.trimEnd().endsWith('*/') ? [] : [name];
  });
}

test('all that is exported has a docstring', () => {
  expect(sources.length).toBeGreaterThan(300);
  const missing = sources.flatMap((file) =>
    withoutDocstring(readFileSync(join(root, file), 'utf8')).map((name) => `${file}: ${name}`),
  );
  expect(missing).toEqual([]);
});

test('an export without one is found', () => {
  expect(withoutDocstring('/** It is. */\nexport const one = 1;\n\nexport function two() {}')).toEqual([
    'two',
  ]);
});
