import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { generated } from './generated.ts';
import { EVERY_OPTION, scenario } from './scenarios.ts';

describe('the command for servers', () => {
  const content = () =>
    generated(scenario(EVERY_OPTION), 'AWS::SSM::Document')['SecretDocument']?.Properties?.[
      'Content'
    ] as unknown as {
      parameters: Record<
        string,
        { allowedPattern?: string; allowedValues?: string[]; interpolationType: string }
      >;
      mainSteps: [{ inputs: { runCommand: string[] } }];
    };

  test('takes nothing but a mode, a target, a secret and a version, each held to its grammar', () => {
    const { parameters } = content();
    expect(Object.keys(parameters)).toEqual(['Mode', 'Target', 'SecretArn', 'VersionId']);
    for (const { allowedPattern, allowedValues, interpolationType } of Object.values(parameters)) {
      expect(interpolationType).toBe('ENV_VAR');
      expect(allowedValues ?? allowedPattern).toBeDefined();
    }
  });

  test.each([
    ['SecretArn', 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:streampass/red5-AbCdEf', true],
    ['SecretArn', "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a'; reboot; '", false],
    ['SecretArn', 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:$(reboot)', false],
    ['SecretArn', '', false],
    ['VersionId', '6f0d453c-6d37-4bae-a103-a0f82c8e1e72', true],
    ['VersionId', '', true],
    ['VersionId', '6f0d453c-6d37-4bae-a103-a0f82c8e1e72\nreboot', false],
    ['Target', 'live-eu', true],
    ['Target', 'red5; reboot', false],
    ['VersionId', '`reboot`-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', false],
  ])('judges %s %j: %s', (name, value, accepted) => {
    expect(new RegExp(content().parameters[name]?.allowedPattern ?? '').test(value)).toBe(accepted);
  });

  test.each([
    [
      'an agent that sets variables',
      { SSM_Mode: 'apply', SSM_Target: 'red5', SSM_SecretArn: 'arn', SSM_VersionId: '' },
      {},
    ],
    [
      'an older agent that replaces text',
      {},
      { Mode: 'apply', Target: 'red5', SecretArn: 'arn', VersionId: '' },
    ],
  ])('calls the agent with its parameters by %s', async (_, env, texts) => {
    let command = content().mainSteps[0].inputs.runCommand.join('\n');
    for (const [name, text] of Object.entries(texts)) command = command.replaceAll(`{{ ${name} }}`, text);
    command = command.replace('exec /usr/local/bin/streampass-node', 'printf "<%s>"');
    const { stdout } = await promisify(execFile)('sh', ['-c', command], { env });
    expect(stdout).toBe('<apply><--target><red5><--secret-arn><arn><--version-id><>');
  });
});
