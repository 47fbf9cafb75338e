import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { until } from '../../test/support/wait.ts';
import { keepCurrent } from './keep-current.ts';

it('a write that fails is said once and made up for, with what is true by then', async () => {
  let full = true;
  let truth = 'first';
  let attempts = 0;
  const written: string[] = [];
  const lines: string[] = [];
  const changed = keepCurrent({
    what: 'run.json',
    write() {
      attempts += 1;
      if (full) throw new Error('ENOSPC: no space left on device, write');
      written.push(truth);
    },
    log: (line) => void lines.push(line),
    retryMs: 20,
  });

  changed();
  changed();
  truth = 'last';
  await until(() => attempts >= 4, { deadlineMs: 5_000, what: 'two attempts by itself' });
  expect(lines).toEqual([
    'run.json cannot be kept current: ENOSPC: no space left on device, write; trying again every 0.02 s',
  ]);
  full = false;
  await until(() => written.length > 0, { deadlineMs: 5_000, what: 'the write' });
  expect(written).toEqual(['last']);
  expect(lines.slice(1)).toEqual(['run.json is current again']);

  const before = attempts;
  changed();
  expect(attempts).toBe(before + 1);
  expect(written).toEqual(['last', 'last']);
  expect(lines).toHaveLength(2);
});

it('nothing is written, or said, past the end', async () => {
  const ending = new AbortController();
  let attempts = 0;
  const lines: string[] = [];
  const changed = keepCurrent({
    what: 'run.json',
    write() {
      attempts += 1;
      if (attempts === 1) throw new Error('ENOSPC');
    },
    log: (line) => void lines.push(line),
    signal: ending.signal,
    retryMs: 1,
  });
  changed();
  ending.abort();
  await sleep(20);
  changed();
  expect(attempts).toBe(1);
  expect(lines).toHaveLength(1);
});
