/** `npm run -s id-token -- USER`: prints an ID token of the local provider, and nothing else, for curl. */
import { signIn } from '../local/oidc-provider/sign-in.ts';
import { localUsers } from '../local/oidc-provider/users.ts';
import { readOptions, runCommand, WrongCall } from './command-line.ts';

const userNames = localUsers.map((user) => user.sub);

const usage = `Usage: npm run -s id-token -- USER

Signs USER in at the local OpenID Connect provider (npm start) and prints the ID token.
USER is one of ${userNames.join(', ')}, or the name of any other group in your rules.

Environment:
  OIDC_ISSUER  the provider, default http://localhost:3001
`;

async function main(): Promise<void> {
  const { values, positionals } = readOptions({
    options: { help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const [user, ...rest] = positionals;
  if (user === undefined || rest.length > 0) {
    throw new WrongCall(`name one user: ${userNames.join(', ')} (npm run -s id-token -- viewer)`);
  }
  const issuer = process.env['OIDC_ISSUER'] || 'http://localhost:3001';
  const { idToken } = await signIn({ issuer, user });
  process.stdout.write(`${idToken}\n`);
}

await runCommand(main);
