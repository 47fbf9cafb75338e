import { expect, it } from 'vitest';
import { until } from '../../test/support/wait.ts';
import { createPassingClock } from '../platform/clock.testing.ts';
import { createFollowerClusterMetrics } from '../platform/follower-metrics.ts';
import { createLogger } from '../platform/logger.ts';
import { createRegistry } from '../platform/metrics.ts';
import { createFollowerWatch } from './follower-watch.ts';

const ranking = {
  name: 'ranking',
  waitingMessages: 5,
  unacknowledgedMessages: 0,
  retrying: 0,
  deadLetters: 2,
  instances: 1,
};

it('what is known of followers grows old while the broker does not answer', async () => {
  const { clock, pass } = createPassingClock();
  let looks = 0;
  let isAway = true;
  const watch = createFollowerWatch({
    async readFollowers() {
      looks += 1;
      if (isAway) throw new Error('the broker is away');
      return [ranking];
    },
    metrics: createFollowerClusterMetrics(createRegistry()),
    clock,
    logger: createLogger('test', 'silent'),
  });
  const lookAgain = async () => {
    const before = looks;
    await until(() => looks > before || void pass(5_000), { deadlineMs: 5_000, what: 'another look' });
  };
  await watch.start();
  expect(watch.followers()).toEqual({ followers: [], lookAgeSeconds: null });
  isAway = false;
  await lookAgain();
  await until(() => watch.followers().followers.length, { deadlineMs: 5_000, what: 'a follower' });
  expect(watch.followers().lookAgeSeconds).toBeLessThan(5);
  isAway = true;
  await lookAgain();
  await lookAgain();
  expect(watch.followers()).toEqual({ followers: [ranking], lookAgeSeconds: expect.any(Number) });
  expect(watch.followers().lookAgeSeconds).toBeGreaterThanOrEqual(10);
  await watch.stop(0);
});
