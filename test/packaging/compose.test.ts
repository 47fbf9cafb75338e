import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/platform/config/read.ts';
import { type Setting, settings } from '../../src/platform/config/settings.ts';
import { followersToRun } from '../../src/start/followers.ts';
import {
  networksOf,
  projectFolder,
  readCompose,
  readEnvExample,
  readVariables,
  type Service,
  secondsOf,
} from './compose-file.ts';

const compose = readCompose();
const services = Object.entries(compose.services);
const longRunning = services.filter(([, service]) => service.restart !== 'no');
const roles = ['gateway', 'drainer', 'ops', 'migrate'];
const followers = services.filter(([, { command }]) => command?.[0] === 'follower').map(([name]) => name);
const names = (which: (service: Service) => unknown) =>
  services.filter(([, one]) => which(one)).map(([name]) => name);

it('keeps to the Compose specification', () => {
  // The specification's own schema, as the linter dclint ships it.
  const schemaFile = join(projectFolder, 'node_modules/dclint/schemas/compose.schema.json');
  const { $schema: _draft, ...schema } = JSON.parse(readFileSync(schemaFile, 'utf8'));
  const ajv = addFormats.default(new Ajv({ allErrors: true, strict: false }));
  ajv.validate(schema, compose);
  expect(ajv.errors ?? []).toEqual([]);
});

it('runs two gateways behind one load balancer, two drainers, one ops role and the migration once', () => {
  expect(compose.services.gateway!.deploy!.replicas).toBe(2);
  expect(compose.services.drainer!.deploy!.replicas).toBe(2);
  expect(compose.services.ops!.deploy!.replicas ?? 1).toBe(1);
  for (const role of roles) expect(compose.services[role]!.command).toEqual([role]);
  expect(names((one) => one.restart === 'no')).toEqual(['migrate']);
});

it('runs the followers that `sluice up` runs by default', () => {
  expect(followers).toEqual(followersToRun(readConfig({})));
  for (const name of followers) expect(compose.services[name]!.command).toEqual(['follower', name]);
});

describe('variables', () => {
  const example = readEnvExample();
  const variables = readVariables();

  it('are those of .env.example, no more and no fewer', () => {
    expect([...new Set(variables.map((one) => one.name))].sort()).toEqual([...example.keys()].sort());
  });

  it('are required with a message, and empty in .env.example, or have the default shown there', () => {
    for (const { name, kind, text } of variables) {
      expect(kind, name).not.toBe('');
      // A setting that has no value by default has none here.
      const setting = (settings as Record<string, Setting>)[name];
      if (kind === '?' || !setting || setting.fallback) expect(text, name).not.toBe('');
      expect(example.get(name), name).toBe(kind === '?' ? '' : text);
    }
  });

  it('carry every secret: none is written down', () => {
    for (const [name, service] of services) {
      for (const [key, value] of Object.entries(service.environment ?? {})) {
        if (/PASS|TOKEN|SECRET/.test(key)) expect(value, `${name} ${key}`).toMatch(/^\$\{\w+:\?[^}]+\}$/);
        const password = /:\/\/\w*:(.+)@/.exec(value)?.[1];
        if (password) expect(password, `${name} ${key}`).toMatch(/^\$\{\w+:\?[^}]+\}$/);
      }
    }
  });
});

describe.each(services)('%s', (name, service) => {
  it('pins its image to a minor version or closer', () => {
    expect(service.image).toMatch(/^[a-z][a-z0-9/.-]*:v?\d+\.\d+(\.\d+)?(-[a-z0-9.-]+)?$/);
  });

  it('runs unprivileged, within limits', () => {
    expect(service.user).toMatch(/^(?!root|0\b).+/);
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toContain('no-new-privileges:true');
    expect(service.deploy!.resources!.limits).toEqual({
      cpus: expect.any(String),
      memory: expect.any(String),
    });
    // RabbitMQ writes beside its configuration while it starts.
    expect(service.read_only ?? false).toBe(name !== 'rabbitmq');
  });

  it('starts after what it needs, which can say that it is ready', () => {
    for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
      const other = compose.services[needed];
      expect(other, needed).toBeDefined();
      if (condition === 'service_healthy') expect(other!.healthcheck, needed).toBeDefined();
      else expect(other!.restart, needed).toBe('no');
    }
  });

  it('mounts what exists', () => {
    for (const [source] of (service.volumes ?? []).map((volume) => volume.split(':') as [string])) {
      if (source.startsWith('.')) expect(existsSync(join(projectFolder, source)), source).toBe(true);
      else expect(Object.keys(compose.volumes)).toContain(source);
    }
    for (const network of networksOf(service)) expect(Object.keys(compose.networks)).toContain(network);
  });

  it('has a port published on loopback only, from a network that allows it', () => {
    for (const port of service.ports ?? []) {
      expect(port).toMatch(/^127\.0\.0\.1:/);
      expect(networksOf(service).some((network) => !compose.networks[network]!.internal)).toBe(true);
    }
  });
});

it.each(longRunning)('%s has a healthcheck', (_name, service) => {
  expect(service.healthcheck?.test.length).toBeGreaterThan(1);
});

/** A service's environment as a new `.env` has it. */
const environmentOf = (service: string) =>
  Object.fromEntries(
    Object.entries(compose.services[service]!.environment!).map(([name, value]) => [
      name,
      value.replace(/\$\{\w+:([?-])([^}]*)\}/g, (_all, kind, text) => (kind === '-' ? text : 'a'.repeat(48))),
    ]),
  );

describe.each([...roles, ...followers])('role %s', (role) => {
  const environment = environmentOf(role);

  it('is given settings that Sluice knows and accepts', () => {
    expect(Object.keys(environment).filter((name) => !(name in settings))).toEqual([]);
    expect(() => readConfig(environment)).not.toThrow();
  });

  it('has longer to stop than its own deadline', () => {
    const deadlineMs = Math.max(10_000, Number(settings.SHUTDOWN_DEADLINE_MS.fallback));
    expect(secondsOf(compose.services[role]!.stop_grace_period!) * 1000).toBeGreaterThan(deadlineMs);
  });
});

it('the gateways trust the load balancer’s network, and nobody else is in it', () => {
  const { TRUST_PROXY } = compose.services.gateway!.environment!;
  expect(TRUST_PROXY).toBe(compose.networks.edge!.ipam!.config[0]!.subnet);
  expect(names((one) => networksOf(one).includes('edge')).sort()).toEqual(['gateway', 'load-balancer']);
  expect(compose.networks.edge!.internal).toBe(true);
});

it('the load balancer drops what clients say of where they come from, and says it itself', () => {
  const lines = readFileSync(join(projectFolder, 'grafana/haproxy/haproxy.cfg'), 'utf8').split(/\n\s*/);
  for (const header of ['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'Forwarded']) {
    expect(lines).toContain(`http-request del-header ${header}`);
  }
  expect(lines).toContain('option forwardfor');
});

it('the cap that an operator has set outlives a restart of the ops role', () => {
  expect(readConfig(environmentOf('ops')).DRAIN_MAX_ORDERS_PER_SECOND).toBeUndefined();
});

it('nobody is exempt from the limit per client, whoever stands in front of the balancer', () => {
  expect(readConfig(environmentOf('gateway')).CLIENT_LIMIT_EXEMPT).toEqual([]);
});

it('only a role that serves it knows the admin token', () => {
  expect(names((one) => one.environment?.ADMIN_TOKEN)).toEqual(['ops']);
});

it('Redis loses nothing and forgets nothing', () => {
  const command = compose.services.redis!.command!.join(' ');
  for (const setting of ['appendonly yes', 'appendfsync always', 'maxmemory-policy noeviction']) {
    expect(command).toContain(`--${setting}`);
  }
});
