import { loadScripts } from '../../../src/claim/scripts.ts';
import type { Fault } from '../fault.ts';
import { lostReply } from './network.ts';
import type { ProxiedRoles } from './proxied-role.ts';

/** A frame of class `basic` (60), method `ack` (80): the broker's confirm. */
const confirmFrame = Buffer.from([0, 60, 0, 80]);

/** The answers without which a process cannot know that its work was done. */
export function lostReplies(proxied: ProxiedRoles): Fault[] {
  const scripts = loadScripts();
  return [
    lostReply(proxied, {
      name: 'lost-claim-reply',
      summary: 'stock is claimed in Redis, and the gateway never hears of it',
      strikes: 50,
      roles: ({ gateways }) => gateways,
      server: 'redis',
      request: scripts.claim.sha1,
    }),
    lostReply(proxied, {
      name: 'lost-settle-reply',
      summary: 'claims are settled in Redis, and the drainer never hears of it',
      strikes: 50,
      roles: ({ drainers }) => drainers,
      server: 'redis',
      request: scripts.settle.sha1,
    }),
    lostReply(proxied, {
      name: 'lost-confirm',
      summary: 'RabbitMQ has written an envelope, and its confirm never arrives',
      strikes: 100,
      roles: ({ gateways }) => gateways,
      server: 'rabbitmq',
      reply: confirmFrame,
    }),
    lostReply(proxied, {
      name: 'lost-commit-reply',
      summary: 'PostgreSQL has committed a batch, and the drainer never hears of it',
      strikes: 100,
      roles: ({ drainers }) => drainers,
      server: 'postgres',
      // The function's verdict; the server sends it once the transaction is committed.
      reply: 'written',
    }),
  ];
}
