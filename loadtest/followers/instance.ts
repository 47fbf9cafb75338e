import { setTimeout as sleep } from 'node:timers/promises';
import { each, type Follower } from '../../src/events/follower.ts';
import { composeFollower } from '../../src/start/follower.ts';
import { runRole } from '../../src/start/role.ts';

/** A follower whose handler takes its time. */
export interface SlowFollower extends Pick<Follower, 'name' | 'ordersAtOnce' | 'keepsOrder'> {
  readonly handlerMs: number;
}

/** Runs it as this process, as `sluice follower` runs one. */
export async function runInstance({ handlerMs, ...settings }: SlowFollower): Promise<void> {
  const follower: Follower = {
    ...settings,
    bindings: ['orders.confirmed'],
    effect: { within: 'outside', apply: each(async () => void (await sleep(handlerMs))) },
  };
  await runRole('follower', async (context) => composeFollower(context, follower));
}
