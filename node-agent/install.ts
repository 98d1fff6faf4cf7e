import { chmod, copyFile, mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readSettings, SettingsProblem } from './settings.ts';

const HOME = '/usr/local/lib/streampass/streampass-node.mjs';
/** Limits Node's memory: by default it takes more than the agent needs. */
const SMALL = '--max-semi-space-size=1 --max-old-space-size=64';
const LAUNCHER = '/usr/local/bin/streampass-node';

/**
 * Puts this bundle on the machine, with a command of its name and the units that run it: `boot` before the server's unit
 * starts, and `watch` beside it if the settings name an address to report to. Run again, it updates the installation.
 *
 * @returns the exit status
 */
export async function install([target = '', unit = '']: readonly string[]): Promise<number> {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(target) || !/^[A-Za-z0-9@._-]+\.service$/.test(unit)) {
    process.stderr.write(
      'streampass-node install NAME UNIT.service, for example: install red5 red5pro.service\n',
    );
    return 2;
  }
  const root = process.env['DESTDIR'] ?? '';
  if (root === '') await assertTrusted(process.execPath);
  const settings = await readSettings(target, {
    STREAMPASS_CONF_DIR: `${root}/etc/streampass`,
  });
  const files: readonly (readonly [string, string, number])[] = [
    [LAUNCHER, `#!/bin/sh\nexec '${process.execPath}' ${SMALL} ${HOME} "$@"\n`, 0o755],
    ['/etc/systemd/system/streampass-secret@.service', BOOT_UNIT, 0o644],
    ['/etc/systemd/system/streampass-watch@.service', WATCH_UNIT, 0o644],
    [
      `/etc/systemd/system/${unit}.d/streampass.conf`,
      `[Unit]\nRequires=streampass-secret@${target}.service\nAfter=streampass-secret@${target}.service\n` +
        (settings.report === undefined ? '' : `Wants=streampass-watch@${target}.service\n`),
      0o644,
    ],
  ];
  await write(root, files).catch((error: NodeJS.ErrnoException) => {
    throw new SettingsProblem(`${error.path ?? HOME} cannot be written (${error.code}): run install as root`);
  });
  process.stdout.write(
    `installed: ${unit} starts after streampass-secret@${target}.service from now on. Now: systemctl daemon-reload\n`,
  );
  return 0;
}

async function write(root: string, files: readonly (readonly [string, string, number])[]): Promise<void> {
  await mkdir(dirname(root + HOME), { recursive: true });
  // Renamed into place: a run of the old one that is under way keeps the file that it has open.
  await copyFile(process.argv[1] ?? '', `${root}${HOME}.new`);
  await chmod(`${root}${HOME}.new`, 0o755);
  await rename(`${root}${HOME}.new`, root + HOME);
  for (const [path, text, mode] of files) {
    await mkdir(dirname(root + path), { recursive: true });
    await writeFile(`${root}${path}.new`, text, { mode });
    await chmod(`${root}${path}.new`, mode);
    await rename(`${root}${path}.new`, root + path);
  }
}

/** A file that root runs must belong to root, and so must each folder above it: its owner could put another file there. */
async function assertTrusted(program: string): Promise<void> {
  for (let path = program, writable = 0o022; ; path = dirname(path), writable = 0o002) {
    const { uid, mode } = await stat(path);
    if (uid !== 0 || (mode & writable) !== 0)
      throw new SettingsProblem(`${path} can be changed by another user: install Node for the whole machine`);
    if (path === dirname(path)) return;
  }
}

const BOOT_UNIT = `# Fetches the secret of a target's server (its name is the part after the @) before that server starts.
[Unit]
Description=The secret that the server of %i shares with streampass
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${LAUNCHER} boot --target %i
# A server must not start without the version that it should hold: this waits for Secrets Manager as long as it takes, and
# ends only for something that an operator has to fix (journalctl -u shows it).
TimeoutStartSec=infinity
`;

const WATCH_UNIT = `# Follows the rotation of a target's secret and reports to streampass (fleet "reported").
[Unit]
Description=Follows the rotation of the secret of %i
Wants=network-online.target
After=network-online.target streampass-secret@%i.service

[Service]
ExecStart=${LAUNCHER} watch --target %i
Restart=always
RestartSec=5

[Install]
WantedBy=multi-user.target
`;
