import { expect, it } from 'vitest';
import { createLogger } from '../platform/logger.ts';
import { createFollowerLetters } from './follower-letters.ts';

it('all calls for one follower go to one box, which has them wait for each other', async () => {
  const made: string[] = [];
  const letters = createFollowerLetters({
    boxOf(follower) {
      made.push(follower);
      return { list: async () => [], take: async () => ({ done: 0, kept: 0 }) };
    },
    enqueue: async () => undefined,
    trail: { beginEntry: async () => 1, endEntry: async () => undefined },
    logger: createLogger('test', 'silent'),
  });
  const operator = letters.as({ who: 'somebody', via: 'command' });
  await Promise.all([
    letters.list('mail', 10),
    operator.redrive('mail', {}),
    operator.purge('mail', {}),
    letters.list('loyalty', 10),
  ]);
  expect(made.toSorted()).toEqual(['loyalty', 'mail']);
});
