import { pathToFileURL } from 'node:url';
import { basename, resolve } from 'node:path';
import type { Config, ConfigContext } from '../lib/config/config.ts';
import { configWarnings } from '../lib/config/config-warnings.ts';
import type { OptionProblem } from '../lib/options/check-options.ts';
import { firstLineOf, formatProblem, resolveConfig } from '../lib/config/resolve-config.ts';

/** A configuration file as a command sees it. */
export interface LoadedConfigFile {
  /** Empty if there are problems. */
  readonly config: Config;
  /** One line a mistake: for people, with the file's name. */
  readonly problems: readonly string[];
  /** The same for what is sound but hardly meant. */
  readonly warnings: readonly string[];
}

/** Imports and checks a configuration file. A file that throws or does not compile is one problem; this never throws. */
export async function loadConfigFile(file: string, context: ConfigContext): Promise<LoadedConfigFile> {
  const url = pathToFileURL(resolve(file)).href;
  const line = (problem: OptionProblem) => formatProblem(problem, basename(file));
  try {
    const { default: definition } = (await import(url)) as { readonly default?: unknown };
    const { config, problems } = resolveConfig(definition, context);
    const warnings = configWarnings(config).map(({ path, problem }) =>
      line({ path: `warning: ${path}`, problem }),
    );
    return { config, problems: problems.map(line), warnings };
  } catch (error) {
    const { config } = resolveConfig(undefined, context);
    return {
      config,
      problems: [line({ path: '', problem: `cannot be read: ${firstLineOf(error)}` })],
      warnings: [],
    };
  }
}
