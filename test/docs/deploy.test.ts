import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { deployOptions } from '../../lib/config/deploy-options.ts';
import { red5 } from '../../lib/config/index.ts';
import type { Input } from '../../local/secrets-manager/input.ts';
import { neededFunctions } from '../../infra/stack/functions.ts';
import { generated, generatedTemplate } from '../infra/generated/generated.ts';
import { physicalNames } from '../infra/generated/physical-names.ts';
import { contextOf, EVERY_OPTION, scenario, SCENARIOS } from '../infra/generated/scenarios.ts';
import { createModel, versionId, type Model } from '../local/secrets-manager/model.ts';
import { problemsOf } from '../support/config.ts';

/** docs/deploy.md walked through, as far as it goes without an AWS account: its commands are read from the page. */

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/deploy.md'), 'utf8');
const blocks = (language: string, text = page) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, code = '']) => code);

/** The AWS CLI's commands of the page, in the stage prod, each as its words. */
const commands = blocks('sh')
  .join('\n')
  .replace(/\\\n\s*/g, '')
  .replaceAll('$STAGE', 'prod')
  .replaceAll('$AWS_REGION', 'eu-west-1')
  .split('\n')
  .map((line) => line.replace(/\s+#.*/, '').split(/\s+/))
  .filter(([program]) => program === 'aws');

/** `aws secretsmanager delete-secret --secret-id ID` as the call that the CLI makes. */
function secretsCall(verb: string, at = 0): readonly [operation: string, input: Input] {
  const camel = (words: string) =>
    words.replace(/(^|-)(\w)/g, (_, _dash, letter: string) => letter.toUpperCase());
  const words =
    commands.filter(([, service, name]) => service === 'secretsmanager' && name === verb)[at] ?? [];
  const options = words
    .join(' ')
    .split(' --')
    .slice(1)
    .map((option) => option.split(' '));
  return [
    camel(verb),
    Object.fromEntries(
      options.map(([name = '', ...values]) => {
        const [value = ''] = values;
        if (name === 'version-stages') return ['VersionStages', values];
        return [camel(name), values.length === 0 ? true : /^\d+$/.test(value) ? Number(value) : value];
      }),
    ),
  ];
}

const configuration = { ...SCENARIOS['the shipped three, without fleets'], deploy: {} };
const RED5 = { SecretId: 'streampass/prod/red5' };

/** Makes the secrets of the stack as CloudFormation does: all, or after a failure none. */
function deploy(model: Model, deployOptionsOfIt: object = {}): string {
  const context = contextOf({ ...configuration, deploy: deployOptionsOfIt }, 'prod');
  const made: string[] = [];
  for (const { Properties = {}, DeletionPolicy } of Object.values(
    generated(context, 'AWS::SecretsManager::Secret'),
  )) {
    const { error } = model.call('CreateSecret', Properties);
    if (error === undefined) {
      if (DeletionPolicy === 'RetainExceptOnCreate') made.push(String(Properties['Name']));
      continue;
    }
    for (const name of made)
      model.answer('DeleteSecret', { SecretId: name, ForceDeleteWithoutRecovery: true });
    return error.message;
  }
  return 'deployed';
}

/** What the first `advance` does. */
function firstAdvance(model: Model): void {
  model.answer('PutSecretValue', { ...RED5, ClientRequestToken: versionId(1), SecretString: 'a'.repeat(43) });
}

describe('removing it, and deploying it again', () => {
  const valueOf = (model: Model) => model.call('GetSecretValue', RED5).output?.['SecretString'];

  test('a deployment that fails can be repeated, because its secrets go', () => {
    const model = createModel();
    model.answer('CreateSecret', { Name: 'streampass/prod/rtcstats' });
    expect(deploy(model)).toContain('streampass/prod/rtcstats already exists');
    model.answer('DeleteSecret', { SecretId: 'streampass/prod/rtcstats', ForceDeleteWithoutRecovery: true });
    expect(deploy(model)).toBe('deployed');
  });

  test('a stack that was removed is deployed again over the secrets that it left', () => {
    const model = createModel();
    expect(deploy(model)).toBe('deployed');
    firstAdvance(model);
    // `osls remove` leaves them.
    expect(deploy(model)).toContain('already exists');
    const [options] = blocks('ts', page.split('## Removing it')[1]);
    expect(options).toBe('deploy: { existingSecrets: true, existingDenyTable: true },\n');
    expect(deploy(model, { existingSecrets: true, existingDenyTable: true })).toBe('deployed');
    expect(valueOf(model)).toBe('a'.repeat(43));
    // A single one, as for a secret that somebody made before the first deployment.
    model.answer('DeleteSecret', { SecretId: 'streampass/prod/jitsi', ForceDeleteWithoutRecovery: true });
    model.answer('DeleteSecret', { SecretId: 'streampass/prod/rtcstats', ForceDeleteWithoutRecovery: true });
    expect(deploy(model, { existingSecrets: ['red5'] })).toBe('deployed');
  });

  test('a secret that was deleted keeps its name, is restored with its value, or makes room at once', () => {
    const model = createModel();
    deploy(model);
    firstAdvance(model);
    const scheduled = secretsCall('delete-secret', 0);
    const restored = secretsCall('restore-secret');
    const forced = secretsCall('delete-secret', 1);
    expect(scheduled).toEqual(['DeleteSecret', { ...RED5, RecoveryWindowInDays: 7 }]);
    model.answer(...scheduled);
    expect(model.refusal('GetSecretValue', RED5)).toBe('InvalidRequestException');
    expect(deploy(model)).toContain('already scheduled for deletion');
    model.answer(...restored);
    expect(valueOf(model)).toBe('a'.repeat(43));
    model.answer(...forced);
    for (const other of ['jitsi', 'rtcstats']) {
      model.answer('DeleteSecret', {
        SecretId: `streampass/prod/${other}`,
        ForceDeleteWithoutRecovery: true,
      });
    }
    expect(deploy(model)).toBe('deployed');
    expect(valueOf(model)).toBeUndefined();
  });

  test('a target that is deleted or renamed leaves its secret, which the renamed one goes on with', () => {
    const { red5: _red5, ...others } = configuration.targets;
    const secretsOf = (targets: object, options: object = {}) =>
      Object.values(
        generated(
          contextOf({ ...configuration, targets, deploy: options }, 'prod'),
          'AWS::SecretsManager::Secret',
        ),
      );
    const names = (made: ReturnType<typeof secretsOf>) =>
      made.map(({ Properties = {} }) => Properties['Name']);
    for (const { DeletionPolicy, UpdateReplacePolicy } of secretsOf(configuration.targets))
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['RetainExceptOnCreate', 'Retain']);
    const live = red5({ issuer: 'streampass', secret: 'streampass/prod/red5' });
    const kept = secretsOf({ ...others, live }, { existingSecrets: ['live'] });
    expect(names(kept)).toEqual(names(secretsOf(others)));
    // Without the option CloudFormation would make it again, and fail.
    expect(names(secretsOf({ ...others, live }))).toContain('streampass/prod/red5');
  });

  test('the deny table that is deleted is the stack’s', () => {
    expect(commands.map((words) => words.join(' '))).toContain(
      'aws dynamodb delete-table --table-name streampass-prod-deny',
    );
    expect(
      generated(scenario(EVERY_OPTION, 'prod'), 'AWS::DynamoDB::Table')['DenyTable']?.Properties,
    ).toMatchObject({
      TableName: 'streampass-prod-deny',
    });
  });
});

test('an old secret that is put in is the servers’ and signs, whether `advance` came before or not', () => {
  for (const before of [() => {}, firstAdvance]) {
    const model = createModel();
    deploy(model);
    before(model);
    const [operation, input] = secretsCall('put-secret-value');
    expect(input).toMatchObject({ ...RED5, SecretString: 'file://old-secret.txt' });
    const old = { ...input, SecretString: 'o'.repeat(32), ClientRequestToken: versionId(2) };
    expect(model.answer(operation, old)['VersionStages']).toEqual(['AWSCURRENT', 'STREAMPASS_SERVERS']);
  }
});

test('every option of deploy is in the table, and no other', () => {
  const table = page.split('## Options of `deploy`')[1]?.split('\n###')[0] ?? '';
  const rows = [...table.matchAll(/^\| ((?:`\w+`(?:, )?)+) +\|/gm)];
  const described = rows.flatMap(([, names = '']) =>
    names.split(', ').map((name) => name.replaceAll('`', '')),
  );
  expect(described.toSorted()).toEqual(Object.keys(deployOptions.entries).toSorted());
});

test.each(blocks('ts'))('the part of a configuration is sound: %s', async (code) => {
  const folder = await mkdtemp(join(tmpdir(), 'streampass-deploy-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'part.ts');
  const imports = `import { red5, ssm } from '${root}/lib/config/index.ts';`;
  await writeFile(file, `${imports}\nexport const part = (stage) => ({${code}});`);
  const { part } = (await import(file)) as { readonly part: (stage: string) => object };
  const made = code.startsWith('red5') ? { targets: part('prod') } : part('prod');
  expect(problemsOf({ ...configuration, ...made })).toEqual([]);
});

test('the functions, secrets and policies that the page names are the stack’s', () => {
  const context = contextOf(configuration, 'prod');
  const functions = [...page.matchAll(/--function-name streampass-\$STAGE-(\w+)/g)].map(
    ([, name = '']) => name,
  );
  expect(new Set(functions)).toEqual(new Set(['rotate', 'authorizer']));
  const known = neededFunctions(context).map(([name]) => name);
  expect(known).toEqual(expect.arrayContaining(functions));
  const names = physicalNames(generatedTemplate(context), 'eu-west-1');
  expect(page).toContain('`streampass-$STAGE-$AWS_REGION-TARGET-node`');
  expect(names).toContain('streampass-prod-eu-west-1-red5-node');
});

test('the outputs that the page names are outputs', () => {
  const outputs = [...page.matchAll(/output `(\w+)`/g)].map(([, name = '']) => name);
  expect(outputs).toEqual(['DomainTarget', 'AuthorizerArn']);
  expect(Object.keys(generatedTemplate(scenario(EVERY_OPTION)).Outputs ?? {})).toEqual(
    expect.arrayContaining(outputs),
  );
});

test('infra/cognito.yml takes the parameters that the page gives', () => {
  const template = readFileSync(join(root, 'infra/cognito.yml'), 'utf8');
  const parameters = template.split(/^Parameters:\n/m)[1]?.split(/^\w/m)[0] ?? '';
  const known = [...parameters.matchAll(/^  (\w+):/gm)].map(([, name]) => name);
  const given = [...page.matchAll(/\b((?:Domain|Callback|Identity|Saml|Oidc)\w+)=/g)].map(([, name]) => name);
  expect(given.length).toBeGreaterThan(5);
  for (const name of given) expect(known).toContain(name);
});
