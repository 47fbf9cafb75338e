import type { Fault } from '../fault.ts';
import { brokerFaults } from './broker.ts';
import { clockStepped } from './clock.ts';
import { killAtFailpoint, killRole } from './kill-role.ts';
import { lostReplies } from './lost-replies.ts';
import { networkFaults } from './network.ts';
import { postgresFaults } from './postgres.ts';
import { createProxiedRoles } from './proxied-role.ts';
import { redisFaults } from './redis.ts';
import { freezeServer, killServer } from './servers.ts';
import { freezeDrainer, terminateDrainer } from './stop-drainer.ts';

const proxied = createProxiedRoles();

/** Every fault there is, in the order of the lists that people read. */
export const faults: readonly Fault[] = [
  killAtFailpoint('gateway', 'claim-publish', 50),
  killAtFailpoint('gateway', 'publish-confirm', 50),
  killAtFailpoint('gateway', 'confirm-accept', 50),
  killAtFailpoint('drainer', 'commit-settle', 50),
  killAtFailpoint('drainer', 'settle-ack', 50),
  killRole('gateway', 100),
  killRole('drainer', 100),
  killRole('follower', 100),
  terminateDrainer,
  freezeDrainer,
  killServer('rabbitmq'),
  killServer('redis'),
  killServer('postgres'),
  freezeServer('rabbitmq'),
  freezeServer('redis'),
  freezeServer('postgres'),
  ...networkFaults(proxied),
  ...lostReplies(proxied),
  ...brokerFaults(proxied),
  ...redisFaults,
  ...postgresFaults(proxied),
  clockStepped,
];
