import { button, byId, setText, showNotice } from './dom.ts';
import type { Person, SignIn } from './sign-in.ts';
import { duration, timeOfDay } from './words.ts';

/** Who is signed in, and the buttons that change it. */
export interface PersonPanel {
  /** Leaves the page for the provider. */
  readonly begin: (another?: boolean) => void;
  /** Whether the sign-in has ended, by the clock of this page. */
  readonly isOver: () => boolean;
  /** Shows who is signed in now. */
  readonly show: () => void;
  /** Once a second: moves the sign-in's end on. */
  readonly tick: () => void;
  readonly fail: (error: unknown) => void;
}

/** The panel of the person who is signed in. */
export function createPersonPanel(signIn: SignIn): PersonPanel {
  const problem = byId('sign-in-problem');

  const fail = (error: unknown): void => {
    const words = error instanceof Error ? error.message : String(error);
    showNotice(
      problem,
      'bad',
      'The sign-in failed',
      words,
      button('Try again', () => begin()),
    );
  };
  const begin = (another = false): void => {
    signIn.begin(another).catch(fail);
  };

  byId('sign-in').addEventListener('click', () => begin());
  byId('change-person').addEventListener('click', () => begin(true));
  byId('sign-out').addEventListener('click', () => {
    signIn.end().catch(fail);
  });

  const secondsLeft = ({ exp }: Person): number => exp - Date.now() / 1000;

  const tick = (): void => {
    const person = signIn.person();
    if (person === undefined) return;
    const left = secondsLeft(person);
    const end = timeOfDay(person.exp * 1000);
    setText(
      byId('sign-in-end'),
      left > 0 ? `The sign-in lasts until ${end}, for ${duration(left)}` : `The sign-in ended at ${end}`,
    );
  };

  return {
    begin,
    tick,
    fail,
    isOver() {
      const person = signIn.person();
      return person !== undefined && secondsLeft(person) <= 0;
    },
    show() {
      const person = signIn.person();
      byId('signed-out').hidden = person !== undefined;
      byId<HTMLButtonElement>('sign-in').disabled = false;
      byId('signed-in').hidden = person === undefined;
      if (person === undefined) return;
      setText(byId('person-initial'), person.name.split(' ').at(-1)?.[0]?.toUpperCase() ?? '');
      setText(byId('person-name'), person.name);
      setText(byId('person-groups'), `${person.sub}, in the group ${person.groups.join(', ')}`);
      tick();
    },
  };
}
