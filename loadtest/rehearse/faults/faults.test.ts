import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { faults } from './index.ts';

it('every line of the README on what is away names the faults that show it, and every fault is named', () => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const table = readme.slice(readme.indexOf('| while this is away')).split('\n\n')[0]!;
  const lines = table.split('\n').slice(2);
  const named = lines.flatMap((line) => {
    const names = [
      ...line
        .split('|')
        .at(-2)!
        .matchAll(/`([a-z-]+)`/g),
    ].map((match) => match[1]!);
    expect(names, line).not.toEqual([]);
    return names;
  });
  expect(named.toSorted()).toEqual(faults.map((fault) => fault.name).toSorted());
});
