import { byId, element } from './dom.ts';

/** The targets of the local stack. */
export type Target = 'red5' | 'jitsi' | 'rtcstats';

/** What the form asks for; what is left open is left out. */
export interface Asked {
  readonly target: Target;
  readonly room: string | undefined;
  readonly scope: string | undefined;
  readonly transport: string | undefined;
}

export const targetNames: Readonly<Record<Target, string>> = {
  red5: 'Red5 Pro',
  jitsi: 'Jitsi',
  rtcstats: 'rtcstats',
};

/** Roles by target: the scope that is asked for, and what it is called. */
const roles: Readonly<Record<Target, readonly (readonly [scope: string, label: string])[]>> = {
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

export function createAskForm(): AskForm {
  const form = byId<HTMLFormElement>('ask');
  const room = byId<HTMLInputElement>('room');
  const role = byId<HTMLSelectElement>('role');
  const transport = byId<HTMLSelectElement>('transport');
  const target = (): Target => new FormData(form).get('server') as Target;

  const fitToServer = (): void => {
    const options = roles[target()].map(([scope, label]) => {
      const option = element('option', '', label);
      option.value = scope;
      return option;
    });
    role.replaceChildren(...options);
    byId('transport-field').hidden = target() !== 'red5';
  };
  for (const radio of form.querySelectorAll('input[type=radio]'))
    radio.addEventListener('change', fitToServer);
  restore(form, fitToServer);
  form.addEventListener('change', () => keep(form));

  return {
    asked: () => ({
      target: target(),
      room: room.value.trim() || undefined,
      scope: role.value || undefined,
      transport: (target() === 'red5' && transport.value) || undefined,
    }),
    onChange: (listener) => form.addEventListener('change', listener),
    onSubmit: (listener) =>
      form.addEventListener('submit', (event) => {
        event.preventDefault();
        listener();
      }),
  };
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
  set('server');
  fitToServer();
  for (const name of ['room', 'role', 'transport']) set(name);
}
