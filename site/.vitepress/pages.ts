/** The pages of the site, as its sidebar shows them: a file of the repository, its name, and its address if that is another. */
export const GROUPS: readonly {
  readonly title: string;
  readonly pages: readonly (readonly [file: string, name: string])[];
}[] = [
  {
    title: 'Start',
    pages: [
      ['docs/README.md', 'By role'],
      ['README.md', 'First steps'],
      ['docs/when-not-jwt.md', 'When not to use a JWT'],
    ],
  },
  {
    title: 'Front end',
    pages: [
      ['docs/browser.md', 'In the browser'],
      ['client/README.md', 'The package'],
      ['docs/clients.md', 'Standard clients'],
      ['docs/encoders.md', 'Encoders'],
      ['docs/errors.md', 'Errors'],
      ['examples/README.md', 'Examples'],
    ],
  },
  {
    title: 'Who may do what',
    pages: [
      ['docs/sign-in.md', 'Identity providers'],
      ['docs/policy.md', 'Rules as code'],
    ],
  },
  {
    title: 'Media servers',
    pages: [
      ['docs/servers.md', 'Media servers'],
      ['node-agent/README.md', 'The agent'],
    ],
  },
  {
    title: 'Run it',
    pages: [
      ['docs/deploy.md', 'Deploy'],
      ['docs/operate.md', 'Operate'],
      ['docs/telemetry.md', 'Traces'],
      ['docs/upgrade.md', 'Take a new release'],
      ['docs/performance.md', 'Performance'],
    ],
  },
  {
    title: 'Security',
    pages: [
      ['docs/security.md', 'Threat model'],
      ['SECURITY.md', 'Report a vulnerability'],
    ],
  },
  {
    title: 'Releases',
    pages: [
      ['CHANGELOG.md', 'Changelog'],
      ['client/CHANGELOG.md', 'Changelog of the package'],
      ['CONTRIBUTING.md', 'Contributing'],
    ],
  },
];

/** Addresses that do not follow from the file's name. */
const ADDRESSES: Readonly<Record<string, string>> = {
  'docs/README.md': 'index.md',
  'README.md': 'first-steps.md',
  'client/README.md': 'client.md',
  'client/CHANGELOG.md': 'client-changelog.md',
  'examples/README.md': 'examples.md',
  'node-agent/README.md': 'agent.md',
  'SECURITY.md': 'report.md',
};

/** From a file of the repository to its page on the site. */
export const ADDRESS_OF = new Map(
  GROUPS.flatMap(({ pages }) => pages).map(([file]) => [
    file,
    ADDRESSES[file] ?? file.replace(/^.*\//, '').toLowerCase(),
  ]),
);
