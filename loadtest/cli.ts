import { fileURLToPath } from 'node:url';
import { loadtest } from './command.ts';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());

process.exitCode = await loadtest(process.argv.slice(2), {
  sluiceCli: fileURLToPath(new URL('../src/cli.js', import.meta.url)),
  folder: process.cwd(),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interrupted.signal,
});
