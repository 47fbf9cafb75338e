import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../src/platform/config/read.ts';
import { settings } from '../../src/platform/config/settings.ts';
import { followersToRun } from '../../src/start/followers.ts';
import { projectFolder, readCompose } from './compose-file.ts';

/** docker-compose.bridge.yml, which adds the bridge and its protocols to docker-compose.yml. */
const read = (file: string) => readFileSync(join(projectFolder, file), 'utf8');
const added = parse(read('docker-compose.bridge.yml'));
const base = readCompose();
const pluginsIn = (file: string) => read(file).match(/\w+/g)!;

it('keeps to the Compose specification', () => {
  const schemaFile = 'node_modules/dclint/schemas/compose.schema.json';
  const { $schema: _draft, ...schema } = JSON.parse(read(schemaFile));
  const ajv = addFormats.default(new Ajv({ allErrors: true, strict: false }));
  ajv.validate(schema, added);
  expect(ajv.errors ?? []).toEqual([]);
});

it('adds the bridge as a follower like the others, with settings that Sluice accepts', () => {
  const { bridge } = added.services;
  expect(bridge.extends).toEqual({ file: 'docker-compose.yml', service: 'loyalty' });
  expect(bridge.command).toEqual(['follower', 'bridge']);
  expect(Object.keys(bridge.environment).filter((name) => !(name in settings))).toEqual([]);
  expect(followersToRun(readConfig({ ...bridge.environment, FOLLOWERS: 'bridge' }))).toEqual(['bridge']);
});

it('has RabbitMQ speak the protocols besides what it did, on loopback ports of this machine', () => {
  const { volumes, ports, networks } = added.services.rabbitmq;
  for (const volume of volumes as string[]) {
    const [source, target] = volume.split(':') as [string, string];
    expect(existsSync(join(projectFolder, source)), source).toBe(true);
    expect(target).toMatch(/^\/etc\/rabbitmq\//);
  }
  const before = pluginsIn('grafana/rabbitmq/enabled_plugins');
  expect(pluginsIn('grafana/rabbitmq/enabled_plugins_bridge')).toEqual([
    ...before,
    'rabbitmq_mqtt',
    'rabbitmq_stomp',
    'rabbitmq_web_stomp',
  ]);
  // The very file that the base mounts there is replaced.
  const mounted = (list: readonly string[]) => list.map((one) => one.split(':')[1]);
  expect(mounted(volumes)).toContain('/etc/rabbitmq/enabled_plugins');
  expect(mounted(base.services.rabbitmq!.volumes!)).toContain('/etc/rabbitmq/enabled_plugins');
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\$\{\w+:-\d+\}:\d+$/);
  expect(networks.some((name: string) => !base.networks[name]!.internal)).toBe(true);
});

it('binds the topics of MQTT and STOMP to the exchange that the bridge publishes to', () => {
  const exchange = added.services.bridge.environment.EVENT_BRIDGE_EXCHANGE;
  const conf = read('grafana/rabbitmq/rabbitmq-bridge.conf');
  expect(conf).toContain(`mqtt.exchange = ${exchange}`);
  expect(conf).toContain(`stomp.default_topic_exchange = ${exchange}`);
  const [, mayWrite] = /^default_permissions\.write = (.*)$/m.exec(read('grafana/rabbitmq/rabbitmq.conf'))!;
  expect(exchange).toMatch(new RegExp(mayWrite!));
});
