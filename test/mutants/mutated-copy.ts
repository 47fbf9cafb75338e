import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { projectFolder } from '../support/build.ts';
import type { Mutant } from './mutants.ts';

/** The text with the change, or an error that says why it cannot be made any more. */
export function mutate(text: string, { file, from, to }: Mutant['changes'][number]): string {
  const places = text.split(from).length - 1;
  if (places !== 1) {
    throw new Error(
      `${file} has the line to be changed ${places} times, not once: adapt the mutant\n${from}`,
    );
  }
  return text.replace(from, () => to);
}

/** The checkout with these changes, in a folder of its own. */
export function copyCheckout(changes: Mutant['changes']) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-mutant-'));
  // A database run by another user keeps its data in here.
  chmodSync(folder, 0o711);
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: projectFolder,
    encoding: 'utf8',
  });
  for (const file of files.split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(projectFolder, file), join(folder, file));
  }
  symlinkSync(join(projectFolder, 'node_modules'), join(folder, 'node_modules'));
  for (const change of changes) {
    const path = join(folder, change.file);
    writeFileSync(path, mutate(readFileSync(path, 'utf8'), change));
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
