import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { faults } from '../../loadtest/rehearse/faults/index.ts';
import { projectFolder } from '../support/build.ts';
import { mutants } from './mutants.ts';
import { mutate } from './mutated-copy.ts';

const read = (file: string) => readFileSync(join(projectFolder, file), 'utf8');

describe.each(mutants)('the mutant "$name"', ({ changes, caughtBy }) => {
  it('can be made, and names something that can catch it', () => {
    for (const change of changes) expect(mutate(read(change.file), change)).not.toBe(read(change.file));
    if ('test' in caughtBy) {
      expect(read(caughtBy.file)).toContain(`'${caughtBy.test}'`);
      return;
    }
    const named = caughtBy.rehearse[caughtBy.rehearse.indexOf('--faults') + 1]!.split(',');
    const known = faults.map((fault) => fault.name);
    expect(known).toEqual(expect.arrayContaining(named));
  });
});
