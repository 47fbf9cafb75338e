import { expect, it } from 'vitest';
import type { ProcessSeries } from '../watch/process-watch.ts';
import { flatHoldings } from './flatness.ts';
import { type Facts, judge } from './threshold.ts';

const MiB = 2 ** 20;

function processOf(
  name: string,
  kind: ProcessSeries['kind'],
  {
    memoryMiB = () => 100,
    descriptors = () => 30,
    connections = () => 10,
  }: Partial<Record<string, (second: number) => number>> = {},
): ProcessSeries {
  const points = Array.from({ length: 300 }, (_, index) => index * 2).map((second) => ({
    second,
    rssBytes: memoryMiB(second) * MiB,
    descriptors: descriptors(second),
    connections: connections(second),
  }));
  return { name, pid: 1, kind, points };
}

const judged = (...processes: ProcessSeries[]) =>
  flatHoldings.map((threshold) => judge(threshold, { processes } as unknown as Facts));

const rising = (second: number) => 50 + second / 5;

it('flat holdings pass, and a server may store more', () => {
  const results = judged(processOf('gateway', 'role'), processOf('redis', 'service', { memoryMiB: rising }));
  expect(results.map(({ passed, value }) => ({ passed, value }))).toEqual(
    Array.from({ length: 3 }, () => ({ passed: true, value: 0 })),
  );
});

it('each process that leaks is named', () => {
  const [memory, descriptors, connections] = judged(
    processOf('gateway 1', 'role', { memoryMiB: rising }),
    processOf('drainer', 'role', { descriptors: rising }),
    processOf('postgres', 'service', { connections: rising }),
    processOf('ops', 'role'),
  );
  expect(memory).toMatchObject({ passed: false, value: 1, note: 'gateway 1' });
  expect(descriptors).toMatchObject({ passed: false, value: 1, note: 'drainer' });
  expect(connections).toMatchObject({ passed: false, value: 1, note: 'postgres' });
});

it('a run that was not watched has not passed', () => {
  for (const result of judged())
    expect(result).toMatchObject({ passed: false, note: expect.stringContaining('watched') });
});
