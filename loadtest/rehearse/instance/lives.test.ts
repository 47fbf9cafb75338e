import { expect, it } from 'vitest';
import type { SupervisedRole } from '../../../src/start/supervise.ts';
import { watchLives } from './lives.ts';
import { controlRole } from './roles.ts';

/** No process has such a number: signals to it go nowhere. */
const firstPid = 2 ** 30;

/** A role whose processes come and go as told. */
function standIn() {
  const lives = watchLives();
  let pid: number | undefined;
  const run = (next: number | undefined) => {
    pid = next;
    lives.running(next);
  };
  const supervised = {
    role: 'gateway',
    process: () => (pid === undefined ? undefined : { role: 'gateway', pid, metricsUrl: '' }),
    restart: async () => {
      const next = pid! + 1;
      run(undefined);
      run(next);
    },
  } as unknown as SupervisedRole;
  run(firstPid);
  return { run, control: controlRole(supervised, 'gateway 1', lives) };
}

it('a process that ended by itself is told of once, even where the next one runs already', () => {
  const { run, control } = standIn();
  run(undefined);
  run(firstPid + 1);
  expect(control.takeLost()).toEqual([firstPid]);
  expect(control.takeLost()).toEqual([]);
});

it('what a fault ends with a signal or a restart is meant; the process after it is not', async () => {
  const { run, control } = standIn();
  control.signal('SIGKILL');
  run(undefined);
  run(firstPid + 1);
  await control.restart({ REDIS_URL: 'redis://proxy' });
  expect(control.takeLost()).toEqual([]);
  run(undefined);
  expect(control.takeLost()).toEqual([firstPid + 2]);
});

it('a failpoint ends one life, and no other', async () => {
  const { run, control } = standIn();
  await control.restart({ SLUICE_FAILPOINT: 'claim-publish:3' });
  run(undefined);
  run(firstPid + 2);
  expect(control.takeLost()).toEqual([]);
  run(undefined);
  expect(control.takeLost()).toEqual([firstPid + 2]);
});

it('a frozen process is not meant to end', () => {
  const { run, control } = standIn();
  control.signal('SIGSTOP');
  control.signal('SIGCONT');
  run(undefined);
  expect(control.takeLost()).toEqual([firstPid]);
});
