import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * What tells one build of the product from another: a digest of every compiled file, and of the package's own two
 * files, which name what it is installed with.
 *
 * @param cli path of the compiled `src/cli.js`
 */
export async function digestBuild(cli: string): Promise<string> {
  const compiled = dirname(dirname(cli));
  const digest = createHash('sha256');
  const add = (name: string, content: Buffer) =>
    digest.update(`${name}\0${content.length}\0`).update(content);
  const entries = await readdir(compiled, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) add(file.slice(compiled.length), await readFile(file));
  for (const name of ['package.json', 'package-lock.json']) {
    // The lock file is not part of an installed package.
    const content = await readFile(join(dirname(compiled), name)).catch(() => undefined);
    if (content) add(name, content);
  }
  return digest.digest('hex');
}
