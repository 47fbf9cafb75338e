import { BlockList, isIP } from 'node:net';
import { authFaults } from './auth-faults.ts';
import type { Config } from './config.ts';
import { followOnFaults } from './follow-on-faults.ts';
import { type Setting, type SettingName, settings } from './settings.ts';

/** All that is wrong with the environment, a line each, by variable name. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'config-invalid';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`the configuration has ${faults.length} fault(s):\n${faults.map((f) => `  ${f}`).join('\n')}`);
    this.faults = faults;
  }
}

/**
 * Reads and checks all settings. An empty variable counts as unset.
 *
 * @throws ConfigError with every fault at once.
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries<Setting>(settings)) {
    const given = environment[name];
    const text = given === undefined || given === '' ? setting.fallback : given;
    if (text === undefined) continue;
    const parsed = parse(setting, text);
    if ('fault' in parsed) faults.push(`${name} ${parsed.fault}${shown(setting, text)}`);
    else values[name] = parsed.value;
  }
  if (faults.length === 0) faults.push(...crossFaults(values as Config));
  faults.push(...authFaults(values as Partial<Config>, (name) => Boolean(environment[name])));
  faults.push(...followOnFaults(values as Partial<Config>));
  if (faults.length > 0) throw new ConfigError(faults);
  values.isSet = (name: SettingName) => Boolean(environment[name]);
  return values as Config;
}

function shown(setting: Setting, text: string): string {
  return setting.secret ? '' : ` (is ${JSON.stringify(text)})`;
}

function parse(setting: Setting, text: string): { value: unknown } | { fault: string } {
  switch (setting.kind) {
    case 'integer': {
      const value = Number(text);
      const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = setting;
      if (!/^-?\d+$/.test(text) || value < min || value > max) {
        return { fault: `must be a whole number from ${min} to ${max}` };
      }
      return { value };
    }
    case 'choice':
      return setting.choices?.includes(text)
        ? { value: text }
        : { fault: `must be one of ${setting.choices?.join(', ')}` };
    case 'choices': {
      const members = membersOf(text);
      return members.length > 0 && members.every((member) => setting.choices?.includes(member))
        ? { value: members }
        : { fault: `must be some of ${setting.choices?.join(', ')}, separated by commas` };
    }
    case 'url': {
      const url = URL.canParse(text) ? new URL(text) : undefined;
      return url && setting.schemes?.includes(url.protocol)
        ? { value: text }
        : { fault: `must be a URL that starts with ${setting.schemes?.map((s) => `${s}//`).join(' or ')}` };
    }
    case 'list': {
      const ranges = membersOf(text);
      const bad = ranges.filter((range) => !isRange(range));
      return bad.length === 0
        ? { value: ranges }
        : { fault: `must be addresses or CIDR ranges, separated by commas; ${bad.join(', ')} is none` };
    }
    default:
      return { value: text };
  }
}

function membersOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}

function isRange(text: string): boolean {
  const [address = '', prefix] = text.split('/');
  const family = isIP(address);
  if (family === 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}

/**
 * A list of addresses and ranges as something that answers "is it in there?". What is no address, as a proxy may
 * pass one on, is not.
 */
export function addressSet(ranges: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return (text) => {
    // A link-local address may carry the name of its interface.
    const [address = ''] = text.split('%');
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
  };
}

/** Faults that only show when settings are seen together. */
function crossFaults(config: Config): string[] {
  const faults: string[] = [];
  const services = ['DATABASE_URL', 'AMQP_URL', 'REDIS_URL'] as const;
  const set = services.filter((name) => config[name] !== undefined);
  if (set.length > 0 && set.length < services.length) {
    const missing = services.filter((name) => config[name] === undefined);
    faults.push(`${missing.join(' and ')} must be set too where ${set.join(' and ')} is`);
  }
  if (config.PREFETCH_ENVELOPES !== 0 && config.PREFETCH_ENVELOPES < config.BATCH_MAX_ORDERS) {
    faults.push(
      `PREFETCH_ENVELOPES (${config.PREFETCH_ENVELOPES}) must be at least BATCH_MAX_ORDERS (${config.BATCH_MAX_ORDERS}), ` +
        'because an envelope may hold a single order; or 0',
    );
  }
  if (config.SHUTDOWN_DEADLINE_MS <= config.BATCH_MAX_AGE_MS + config.STATEMENT_TIMEOUT_MS) {
    faults.push(
      `SHUTDOWN_DEADLINE_MS (${config.SHUTDOWN_DEADLINE_MS}) must be longer than BATCH_MAX_AGE_MS + STATEMENT_TIMEOUT_MS ` +
        `(${config.BATCH_MAX_AGE_MS + config.STATEMENT_TIMEOUT_MS}), so that a last batch can be written`,
    );
  }
  if (!Intl.supportedValuesOf('currency').includes(config.SHOP_CURRENCY)) {
    faults.push(`SHOP_CURRENCY must be a currency code such as USD or VND (is "${config.SHOP_CURRENCY}")`);
  }
  if (config.ADMIN_TOKEN !== undefined && config.ADMIN_TOKEN.length < 16) {
    faults.push('ADMIN_TOKEN must have 16 characters or more');
  }
  return faults;
}
