/** What `rotate` does with a fleet `files()`, in a process that can be killed: FILE, its KIND or `ring`, version id, secret. */
import { filesAsOwner } from '../../lib/fleet/file-work.ts';
import { fileServers } from '../../lib/fleet/files.ts';
import { createReload } from '../../lib/fleet/reload.ts';
import { configFile, keyRingFile } from '../../lib/fleet/secret-file.ts';
import { systemNow } from '../../lib/node/system.ts';
import { isConfigFileKind } from '../../lib/media-servers/config-files.ts';

const [file = '', kind = '', versionId = '', text = ''] = process.argv.slice(2);
const servers = fileServers({
  paths: [file],
  format: isConfigFileKind(kind) ? configFile(kind) : keyRingFile,
  files: filesAsOwner([]),
  reload: isConfigFileKind(kind) ? 'true' : undefined,
  runReload: createReload(10_000, process.env['PATH']),
  settingsProblems: () => [],
  now: systemNow,
});
await servers.apply('', [{ versionId, text }], 'all');
