import { connect } from 'amqplib';
import { expect, it } from 'vitest';
import { createStack } from '../../test/support/stack.ts';
import { createManagement } from './management.ts';

it('removes a queue with what is in it, leaves the others, and minds none that is not there', async () => {
  const stack = await createStack();
  const connection = await connect(stack.amqpUrl);
  try {
    const channel = await connection.createConfirmChannel();
    const names = ['sluice.follower.one', 'sluice.follower.one.retry.100', 'sluice.follower.one-more'];
    for (const name of names) await channel.assertQueue(name, { durable: true });
    channel.sendToQueue(names[0]!, Buffer.from('event'), { persistent: true });
    await channel.waitForConfirms();
    const management = createManagement(stack);
    const found = await management.queuesNamed('^sluice\\.follower\\.(one)(\\.|$)');
    expect(found.map(({ name }) => name).sort()).toEqual(names.slice(0, 2));
    for (const { name } of found) await management.removeQueue(name);
    await management.removeQueue(names[0]!);
    expect((await management.queuesNamed('.*')).map(({ name }) => name)).toEqual(names.slice(2));
  } finally {
    await connection.close();
    await stack.close();
  }
});
