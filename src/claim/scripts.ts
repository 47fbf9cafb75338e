import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { replyCode } from './redis-errors.ts';

/** A Lua file beside this one; its header says what it takes and returns. */
export interface Script {
  readonly name: ScriptName;
  readonly source: string;
  readonly sha1: string;
}

const scriptNames = [
  'claim',
  'settle',
  'hold-failed',
  'read',
  'oldest-in-line',
  'oldest-unconfirmed',
  'put-sale',
  'raise-stock',
  'counters',
  'put-catalog',
  'announce',
  'clear-sale',
  'load-settled',
  'finish-rebuild',
] as const;

export type ScriptName = (typeof scriptNames)[number];
export type Scripts = Readonly<Record<ScriptName, Script>>;

export function loadScripts(): Scripts {
  const entries = scriptNames.map((name) => {
    const source = readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8');
    return [name, { name, source, sha1: createHash('sha1').update(source).digest('hex') }] as const;
  });
  return Object.fromEntries(entries) as unknown as Scripts;
}

/**
 * Runs a script by its hash, and by its text where the server does not have it (restarted, `SCRIPT FLUSH`).
 * Rejects with ioredis' error.
 */
export async function runScript(
  redis: Redis,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await redis.call('EVALSHA', [script.sha1, keys.length, ...keys, ...args]);
  } catch (error) {
    if (replyCode(error) !== 'NOSCRIPT') throw error;
    return await redis.call('EVAL', [script.source, keys.length, ...keys, ...args]);
  }
}
