import { fastify } from 'fastify';
import { expect, it } from 'vitest';
import { until } from '../../test/support/wait.ts';
import type { AuditReport } from './audit/report.ts';
import { addAuditRoutes } from './audit-routes.ts';

it('one audit runs at a time, and the next when it has ended, well or not', async () => {
  const ending: ((error: Error) => void)[] = [];
  const app = fastify();
  addAuditRoutes(app, () => new Promise<AuditReport>((_, reject) => ending.push(reject)));
  const underWay = (audits: number) =>
    until(() => ending.length === audits, { deadlineMs: 10_000, what: 'the audit to begin' });
  const ask = () => app.inject({ url: '/audit' }).then(({ statusCode }) => statusCode);
  const first = ask();
  await underWay(1);
  expect(await ask()).toBe(409);
  ending[0]!(new Error('the disk is on fire'));
  expect(await first).toBe(500);
  void ask();
  await underWay(2);
  ending[1]!(new Error('still'));
  await app.close();
});
