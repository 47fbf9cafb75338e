import amqp from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, createCluster, type RoleName } from './support/cluster.ts';
import { crowd, goods, shoppers } from './support/crowd.ts';
import { expectPromisesKept } from './support/promises.ts';
import type { RoleProcess } from './support/role-process.ts';

let cluster: Cluster;
const roles = {} as Record<RoleName, RoleProcess>;

beforeAll(async () => {
  // A short confirm timeout, because the reconciler waits for twice of it before it publishes again.
  cluster = await createCluster({ CONFIRM_TIMEOUT_MS: '500' });
  roles.ops = await cluster.start('ops');
  [roles.gateway, roles.drainer] = await Promise.all([cluster.start('gateway'), cluster.start('drainer')]);
});
afterAll(() => cluster?.close());

describe('a role that is killed keeps all promises', () => {
  it.each([
    ['between claim and publish', 'gateway', 'claim-publish:4'],
    ['between publish and confirm', 'gateway', 'publish-confirm:4'],
    ['between confirm and accepted', 'gateway', 'confirm-accept:4'],
    ['between commit and settle', 'drainer', 'commit-settle:3'],
    ['between settle and acknowledgement', 'drainer', 'settle-ack:3'],
  ] as const)('%s', { timeout: 90_000 }, async (_, role, failpoint) => {
    const saleId = failpoint.replace(':', '-');
    await cluster.sell(saleId, goods);
    await roles[role].stop();
    roles[role] = await cluster.start(role, { SLUICE_FAILPOINT: failpoint });

    const tickets = shoppers(400);
    const shopping = crowd(cluster.gatewayUrl, saleId, tickets);
    expect(await roles[role].exited).toBe('SIGKILL');
    roles[role] = await cluster.start(role);
    await shopping;
    if (role === 'gateway') {
      expect(
        tickets.some(({ answers }) => answers.includes(0)),
        'somebody was cut off',
      ).toBe(true);
    }

    await expectPromisesKept(cluster, saleId, tickets);
  });

  it('and leaves nothing in the queue', async () => {
    // With nobody consuming, what was not acknowledged is ready again.
    await roles.drainer.stop();
    const model = await amqp.connect(cluster.stack.amqpUrl);
    const channel = await model.createChannel();
    expect(await channel.checkQueue('sluice.orders')).toMatchObject({ messageCount: 0, consumerCount: 0 });
    await model.close();
  });
});
