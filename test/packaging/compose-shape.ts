/**
 * JSON schema of the part of the Compose Specification that docker-compose.yml uses, stricter than the
 * specification: what it does not know is an error, so a misspelt key can not pass as an extension.
 */
const strings = { type: 'array', items: { type: 'string' }, uniqueItems: true };
const duration = { type: 'string', pattern: '^(\\d+h)?(\\d+m)?(\\d+s)?$', minLength: 2 };
const bytes = { type: 'string', pattern: '^\\d+(\\.\\d+)?[kKmMgG][bB]?$' };
const object = (properties: Record<string, unknown>, required: readonly string[] = []) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const mapOf = (value: unknown) => ({ type: 'object', additionalProperties: value });

const healthcheck = object(
  {
    test: {
      type: 'array',
      minItems: 2,
      items: { type: 'string' },
      prefixItems: [{ enum: ['CMD', 'CMD-SHELL'] }],
    },
    interval: duration,
    timeout: duration,
    start_period: duration,
    retries: { type: 'integer', minimum: 1 },
  },
  ['test', 'interval', 'timeout', 'retries', 'start_period'],
);

const service = object(
  {
    image: { type: 'string' },
    build: object({ context: { type: 'string' }, target: { type: 'string' } }, ['context']),
    command: { type: 'array', items: { type: 'string' } },
    environment: mapOf({ type: 'string' }),
    user: { type: 'string' },
    hostname: { type: 'string' },
    read_only: { type: 'boolean' },
    tmpfs: strings,
    shm_size: bytes,
    volumes: strings,
    ports: { ...strings, items: { type: 'string', pattern: '^127\\.0\\.0\\.1:.+:\\d+$' } },
    networks: strings,
    restart: { enum: ['no', 'unless-stopped'] },
    cap_drop: strings,
    security_opt: strings,
    logging: object({ driver: { type: 'string' }, options: mapOf({ type: 'string' }) }, ['driver']),
    stop_grace_period: duration,
    depends_on: mapOf(
      object({ condition: { enum: ['service_healthy', 'service_completed_successfully'] } }, ['condition']),
    ),
    healthcheck,
    ulimits: mapOf(object({ soft: { type: 'integer' }, hard: { type: 'integer' } }, ['soft', 'hard'])),
    deploy: object({
      replicas: { type: 'integer', minimum: 1 },
      resources: object({
        limits: object({ cpus: { type: 'string', pattern: '^\\d+(\\.\\d+)?$' }, memory: bytes }, [
          'cpus',
          'memory',
        ]),
      }),
    }),
  },
  [
    'image',
    'networks',
    'restart',
    'cap_drop',
    'security_opt',
    'logging',
    'stop_grace_period',
    'deploy',
    'user',
  ],
);

export const composeShape = {
  type: 'object',
  properties: {
    name: { type: 'string', pattern: '^[a-z0-9][a-z0-9_-]*$' },
    services: mapOf(service),
    networks: mapOf(
      object({
        internal: { type: 'boolean' },
        ipam: object({
          config: {
            type: 'array',
            items: object({ subnet: { type: 'string' }, gateway: { type: 'string' } }),
          },
        }),
      }),
    ),
    volumes: mapOf({ type: 'null' }),
  },
  patternProperties: { '^x-': {} },
  required: ['name', 'services', 'networks', 'volumes'],
  additionalProperties: false,
};
