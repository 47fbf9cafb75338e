import type { Fault } from '../fault.ts';

const hourMs = 3_600_000;
/** A process is at work by then. */
const stepAfterMs = 5_000;

/** The wall clock of one process jumps by an hour, forward or back, in the middle of its work. */
export const clockStepped: Fault = {
  name: 'clock-stepped',
  summary: 'the clock of one process jumps by an hour, forward or back, for 15 s',
  strikes: 30,
  bound: 'role',
  async strike(context, random) {
    const role = random.pick(context.roles);
    const shiftMs = random.chance(0.5) ? hourMs : -hourMs;
    const preload = new URL('shift-clock.mjs', import.meta.url);
    preload.searchParams.set('ms', String(shiftMs));
    preload.searchParams.set('afterMs', String(stepAfterMs));
    const startedAtMs = performance.now();
    await role.restart({ NODE_OPTIONS: `--import=${preload.href}` });
    await context.sleep(Math.max(0, stepAfterMs - (performance.now() - startedAtMs)));
    return {
      did: `the clock of ${role.label} went ${shiftMs > 0 ? 'forward' : 'back'} by an hour`,
      lastsMs: context.shortened(15_000),
      heal: () => role.restart(),
    };
  },
};
