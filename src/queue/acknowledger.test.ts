import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAcknowledger } from './acknowledger.ts';

/** What a broker makes of the frames: it refuses a tag that it does not hold. */
function brokerOf(firstTag: number) {
  const held = new Set<number>();
  const acknowledged: number[] = [];
  return {
    held,
    acknowledged,
    frames: 0,
    deliver(tag: number) {
      held.add(tag);
    },
    ack(tag: number, multiple: boolean) {
      this.frames += 1;
      if (tag < firstTag || !held.has(tag)) throw new Error(`406: unknown delivery tag ${tag}`);
      for (const one of multiple ? [...held].filter((other) => other <= tag) : [tag]) {
        held.delete(one);
        acknowledged.push(one);
      }
    },
  };
}

const step = fc.oneof(
  fc.record({ kind: fc.constant('deliver' as const) }),
  fc.record({ kind: fc.constant('done' as const), which: fc.nat({ max: 1_000 }) }),
  fc.record({ kind: fc.constant('turn' as const) }),
);

test('it acknowledges everything that is done exactly once, and nothing else, in any order of events', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 80 }),
      fc.integer({ min: 1, max: 50 }),
      fc.constantFrom('finish' as const, 'give back' as const),
      async (steps, firstTag, ending) => {
        const broker = brokerOf(firstTag);
        const acknowledger = createAcknowledger((tag, multiple) => broker.ack(tag, multiple), firstTag);
        const delivered: number[] = [];
        const done = new Set<number>();
        const check = () => expect(broker.acknowledged.filter((tag) => !done.has(tag))).toEqual([]);
        for (const event of steps) {
          if (event.kind === 'deliver') {
            const tag = firstTag + delivered.length;
            delivered.push(tag);
            broker.deliver(tag);
            acknowledger.delivered(tag);
          } else if (event.kind === 'done') {
            const tag = delivered[event.which % Math.max(1, delivered.length)];
            if (tag === undefined) continue;
            done.add(tag);
            acknowledger.done(tag);
          } else await nextTurn();
          check();
          expect(acknowledger.unacknowledged()).toBe(broker.held.size);
        }
        if (ending === 'finish') {
          for (const tag of delivered) {
            done.add(tag);
            acknowledger.done(tag);
          }
          await nextTurn();
        } else acknowledger.flushAll();
        check();
        expect([...broker.acknowledged].sort((a, b) => a - b)).toEqual([...done].sort((a, b) => a - b));
        const { frames } = broker;
        acknowledger.retire();
        for (const tag of delivered) acknowledger.done(tag);
        await nextTurn();
        expect(broker.frames).toBe(frames);
      },
    ),
    { numRuns: 300 },
  );
});

test('what is done within one turn leaves in one frame', async () => {
  const broker = brokerOf(1);
  const acknowledger = createAcknowledger((tag, multiple) => broker.ack(tag, multiple));
  for (let tag = 1; tag <= 100; tag++) {
    broker.deliver(tag);
    acknowledger.delivered(tag);
  }
  for (let tag = 100; tag >= 1; tag--) acknowledger.done(tag);
  await nextTurn();
  expect(broker.frames).toBe(1);
  expect(broker.held.size).toBe(0);
});
