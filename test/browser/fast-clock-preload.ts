/** `node --import` this: the process, its workers and its children live by the clock that `FAST_CLOCK` says. */
import { speedUpDate, type FastClock } from './fast-clock.ts';

speedUpDate(JSON.parse(process.env['FAST_CLOCK'] ?? '{}') as FastClock);
