import { expect, it } from 'vitest';
import type { Fault, FaultContext, RoleControl } from './fault.ts';
import { watchLives } from './instance/lives.ts';
import type { LedgerWatch } from './ledger-watch.ts';
import type { Crowd } from './load/crowd.ts';
import type { Desk, Reply } from './load/desk.ts';
import { strikeOnce } from './nemesis.ts';

/** A gateway that is always there, whatever number its process has. */
function standIn() {
  const lives = watchLives();
  lives.running(41);
  const role = { role: 'gateway', label: 'gateway 1', pid: () => 42, takeLost: lives.takeLost };
  return { lives, role: role as unknown as RoleControl };
}

/** Strikes an instance that takes every order at once. */
function strike(role: RoleControl, what: Fault['strike']) {
  const kept = { outcome: 'accepted', order: { transactionId: 'one' } } as Reply;
  return strikeOnce(
    {
      number: 1,
      atOrder: 100,
      fault: { name: 'kill-redis', summary: '', strikes: 1, bound: 'neighbour', strike: what },
    },
    {
      seed: 1,
      context: {
        roles: [role],
        saleId: () => 'friday',
        sleep: async () => undefined,
        signal: new AbortController().signal,
      } as unknown as FaultContext,
      crowd: { sent: () => 100, probe: async () => kept } as unknown as Crowd,
      desk: {
        gateways: 1,
        recorder: { elapsedMs: () => 0 },
        watch: () => () => undefined,
      } as unknown as Desk,
      ledger: { countRows: async () => 1 } as unknown as LedgerWatch,
      confirmTimeoutMs: 2_000,
      say: () => undefined,
    },
  );
}

it('a role that dies of what was done to a server is a violation, however fast it is back', async () => {
  const { lives, role } = standIn();
  const { recovery, violations } = await strike(role, async () => {
    lives.running(undefined);
    lives.running(42);
    return { did: 'Redis killed' };
  });
  expect(recovery.allMs).toBeLessThan(5_000);
  expect(violations).toEqual(['gateway 1 (pid 41) ended by itself, and no fault had ended it']);
});

it('a role that the fault ended is none', async () => {
  const { lives, role } = standIn();
  const { violations } = await strike(role, async () => {
    lives.endIsMeant();
    lives.running(undefined);
    lives.running(42);
    return { did: 'gateway 1 killed' };
  });
  expect(violations).toEqual([]);
});
