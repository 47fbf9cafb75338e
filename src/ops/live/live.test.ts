import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { expect, it } from 'vitest';
import { until } from '../../../test/support/wait.ts';
import { systemClock } from '../../platform/clock.ts';
import type { ProcessReport } from '../../platform/figures.ts';
import { createLiveStreams } from './live-streams.ts';
import { createSampler } from './sampler.ts';
import type { Snapshot } from './snapshot.ts';

const report: ProcessReport = {
  role: 'gateway',
  host: 'h',
  pid: 1,
  uptimeMs: 1,
  figures: { 'sluice_dependency_up redis': 0 },
};

async function serve(
  processes: () => Promise<ReadonlyMap<string, { report: string; forgottenInMs: number }>>,
) {
  const live = createLiveStreams();
  let mayWatch = true;
  const published: Snapshot[] = [];
  const sampler = createSampler({
    state: () => undefined,
    lookedAtMs: () => undefined,
    claims: { processes },
    forgottenAfterMs: 10_000,
    clock: systemClock,
    publish(snapshot) {
      published.push(snapshot);
      live.publish(snapshot);
    },
  });
  const app = fastify({ forceCloseConnections: true });
  app.get('/stream', (_request, reply) => live.open(reply, () => mayWatch));
  await app.listen({ host: '127.0.0.1', port: 0 });
  await sampler.start();
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/stream`;

  async function watch() {
    const response = await fetch(url);
    let text = '';
    const ended = (async () => {
      for await (const chunk of response.body!) text += Buffer.from(chunk).toString();
    })();
    ended.catch(() => undefined);
    return { status: response.status, text: () => text, ended };
  }

  return {
    live,
    published,
    watch,
    forbid: () => {
      mayWatch = false;
    },
    async close() {
      await sampler.stop(1_000);
      await app.close();
    },
  };
}

const eventOf = (snapshot: Snapshot) => `event: snapshot\ndata: ${JSON.stringify(snapshot)}\n\n`;

it('however many look, the cluster is asked once a second, and all are shown the same', async () => {
  let asked = 0;
  const served = await serve(async () => {
    asked += 1;
    return new Map([['a', { report: JSON.stringify(report), forgottenInMs: 9_900 }]]);
  });
  const viewers = await Promise.all(Array.from({ length: 20 }, served.watch));
  // Some opened before a snapshot that was the first for others: what comes from now on is for all.
  const opened = served.published.length;
  await until(() => served.published.length >= opened + 2, { deadlineMs: 20_000, what: 'two snapshots' });
  const shown = served.published
    .slice(opened, opened + 2)
    .map(eventOf)
    .join('');
  await until(() => viewers.every(({ text }) => text().includes(shown)), {
    deadlineMs: 20_000,
    what: 'both for each viewer, the same and with nothing between',
  });
  expect(asked).toBe(served.published.length);
  expect(viewers[0]!.text()).toMatch(/^event: history\ndata: \{"columns":\["at",/);
  expect(served.published.at(-1)).toMatchObject({
    processes: [{ role: 'gateway', isSilent: false }],
    dependencies: expect.arrayContaining([
      { name: 'redis', up: false, awayFrom: ['gateway h 1'], blocked: false },
    ]),
  });
  await served.close();
});

it('what is not known is null: a page must not take it for zero', async () => {
  const served = await serve(() => Promise.reject(new Error('Redis is away')));
  await until(() => served.published.length > 0, { deadlineMs: 20_000, what: 'a snapshot' });
  expect(served.published[0]).toMatchObject({
    ...{
      orders: null,
      drained: null,
      intakeSeconds: null,
      cap: null,
      waiting: null,
      queue: null,
      sales: null,
    },
    lookAgeSeconds: null,
  });
  await served.close();
});

it('a stream ends with the session that opened it', async () => {
  const served = await serve(async () => new Map());
  const viewer = await served.watch();
  served.forbid();
  await viewer.ended;
  expect(viewer.text()).toMatch(/event: session-over\n/);
  await served.close();
});

it('there are so many viewers and no more', async () => {
  const served = await serve(async () => new Map());
  const viewers = await Promise.all(Array.from({ length: 101 }, served.watch));
  expect(viewers.filter(({ status }) => status === 200)).toHaveLength(100);
  expect(viewers.filter(({ status }) => status === 503)).toHaveLength(1);
  expect(served.live.viewers()).toBe(100);
  await served.close();
});
