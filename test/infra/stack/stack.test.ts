import { rmSync } from 'node:fs';
import { afterAll, beforeAll } from 'vitest';
import { describeDocument } from './document.suite.ts';
import { packageStack, type PackagedStack } from './package-stack.ts';
import { describePermissions } from './permissions.suite.ts';
import { describeTemplate } from './template.suite.ts';
import { describeWatching } from './watching.suite.ts';
import { describeZips } from './zips.suite.ts';

/** With every option, since an option only adds values: what is conditional stands in the template either way. */
let stack: PackagedStack;

beforeAll(async () => {
  stack = await packageStack({
    oidcIssuer: 'https://login.example.com',
    oidcAudience: 'streams',
    red5ServerTag: 'streampass=red5',
    red5CallerSecret: 'red5-caller',
    denyTable: 'true',
    kmsKeyArn: 'arn:aws:kms:eu-west-1:111122223333:key/5f4d',
    domainName: 'tokens.example.com',
    certificateArn: 'arn:aws:acm:eu-west-1:111122223333:certificate/6a',
    alarmEmail: 'oncall@example.com',
    corsOrigins: 'https://app.example.com,https://www.example.com',
  });
});
afterAll(() => rmSync(stack.folder, { recursive: true, force: true }));

const packaged = (): PackagedStack => stack;
describeTemplate(packaged);
describePermissions(packaged);
describeWatching(packaged);
describeDocument(packaged);
describeZips(packaged);
