import { afterAll, beforeAll, expect, it } from 'vitest';
import { get } from '../../test/support/http.ts';
import { createRig, type Rig, type RunningRole, rigAdminToken } from '../../test/support/rig.ts';

let rig: Rig;
let ops: RunningRole;

beforeAll(async () => {
  rig = await createRig();
  ops = await rig.ops();
});
afterAll(() => rig.close());

const status = (token: string) =>
  get(`${ops.url}/admin/status`, { headers: { authorization: `Bearer ${token}` } });

it('who guesses the admin token is heard ten times, then not even with the right one', async () => {
  expect((await status(rigAdminToken)).status).toBe(200);
  for (let i = 0; i < 10; i++) expect((await status(`a guess, number ${i}`)).status).toBe(401);
  for (const token of ['one more guess', rigAdminToken]) {
    const answer = await status(token);
    expect(answer).toMatchObject({ status: 429, body: { type: '/problems/rate-limited' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  // Metrics and health go on.
  const metrics = await get(`${ops.url}/metrics`);
  expect(metrics.status).toBe(200);
  expect(metrics.headers.get('x-content-type-options')).toBe('nosniff');
});
