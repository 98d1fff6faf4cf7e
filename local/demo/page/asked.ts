import type { DemoServer } from '../demo-config.ts';
import { byId, element } from './dom.ts';

type Kind = DemoServer['kind'];

/** What the form asks for; what is left open is left out. */
export interface Asked {
  readonly server: DemoServer;
  /** The targets of the exchange: that server's, then maybe all others. */
  readonly audiences: readonly string[];
  readonly room: string | undefined;
  readonly scope: string | undefined;
  readonly transport: string | undefined;
}

const kindNames: Readonly<Record<Kind, string>> = { red5: 'Red5 Pro', jitsi: 'Jitsi', rtcstats: 'rtcstats' };

/** The kind's name, and the target's if it is another. */
export function titleOf({ target, kind }: DemoServer): string {
  return target === kind ? kindNames[kind] : `${kindNames[kind]} “${target}”`;
}

/** Roles by kind of server: the scope that is asked for, and what it is called. */
const roles: Readonly<Record<Kind, readonly (readonly [scope: string, label: string])[]>> = {
  red5: [
    ['subscribe', 'watch'],
    ['publish', 'publish'],
    ['publish subscribe', 'publish and watch'],
    ['', 'all that I may'],
  ],
  jitsi: [
    ['join', 'take part'],
    ['join moderate', 'moderate'],
    ['', 'all that I may'],
  ],
  rtcstats: [['report', 'report']],
};

/** The form: keeps its fields fit for the server that is chosen. */
export interface AskForm {
  readonly asked: () => Asked;
  readonly onChange: (listener: () => void) => void;
  readonly onSubmit: (listener: () => void) => void;
}

/** @param servers at least one */
export function createAskForm(servers: readonly [DemoServer, ...DemoServer[]]): AskForm {
  const form = byId<HTMLFormElement>('ask');
  const room = byId<HTMLInputElement>('room');
  const role = byId<HTMLSelectElement>('role');
  const transport = byId<HTMLSelectElement>('transport');
  const together = byId<HTMLInputElement>('together');
  byId('servers').append(...servers.map(serverChoice));
  const server = (): DemoServer => {
    const chosen = new FormData(form).get('server');
    return servers.find(({ target }) => target === chosen) ?? servers[0];
  };

  const fitToServer = (): void => {
    const options = roles[server().kind].map(([scope, label]) => {
      const option = element('option', '', label);
      option.value = scope;
      return option;
    });
    role.replaceChildren(...options);
    byId('transport-field').hidden = server().kind !== 'red5';
    // A scope would have to name an action of each server.
    role.disabled = together.checked;
  };
  for (const choice of form.querySelectorAll('input[type=radio], input[type=checkbox]'))
    choice.addEventListener('change', fitToServer);
  restore(form, fitToServer);
  form.addEventListener('change', () => keep(form));

  return {
    asked: () => ({
      server: server(),
      audiences: [server(), ...(together.checked ? servers.filter((one) => one !== server()) : [])].map(
        ({ target }) => target,
      ),
      room: room.value.trim() || undefined,
      scope: (!together.checked && role.value) || undefined,
      transport: (server().kind === 'red5' && transport.value) || undefined,
    }),
    onChange: (listener) => form.addEventListener('change', listener),
    onSubmit: (listener) =>
      form.addEventListener('submit', (event) => {
        event.preventDefault();
        listener();
      }),
  };
}

function serverChoice(server: DemoServer, index: number): HTMLLabelElement {
  const radio = element('input', '');
  radio.type = 'radio';
  radio.name = 'server';
  radio.value = server.target;
  radio.checked = index === 0;
  const label = element('label', '');
  label.append(radio, element('span', '', titleOf(server)));
  return label;
}

// What was asked for outlives the way to the provider and back.
const formKey = 'streampass.form';

function keep(form: HTMLFormElement): void {
  sessionStorage.setItem(formKey, JSON.stringify(Object.fromEntries(new FormData(form).entries())));
}

function restore(form: HTMLFormElement, fitToServer: () => void): void {
  const kept = JSON.parse(sessionStorage.getItem(formKey) ?? '{}') as Record<string, string>;
  const set = (name: string): void => {
    const field = form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement | RadioNodeList;
    const value = kept[name];
    if (value !== undefined) field.value = value;
  };
  // A target of an earlier start may be gone; then the first one stays chosen.
  if (form.querySelector(`input[name=server][value="${CSS.escape(kept['server'] ?? '')}"]`)) set('server');
  (form.elements.namedItem('together') as HTMLInputElement).checked = kept['together'] !== undefined;
  fitToServer();
  for (const name of ['room', 'role', 'transport']) set(name);
}
