import { readFileSync } from 'node:fs';

/** The text of an SQL file of this folder, for the factories: nothing is read on import. */
export function readSql(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}
