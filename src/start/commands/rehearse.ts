import { setMaxListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Command, InvalidArgumentError } from 'commander';
import type { RehearseWords } from '../../../loadtest/rehearse/options.ts';
import { complain } from '../complain.ts';
import type { Environment } from '../supervise.ts';
import { positiveNumber } from './arguments.ts';
import { examples } from './examples.ts';

/** `rehearse`: a sale under fire before the real one. */
export function addRehearseCommand(program: Command, env: Environment): void {
  program
    .command('rehearse')
    .description('a dress rehearsal on private services: load, seeded faults, audits; ends with GO or NO-GO')
    .option(
      '--seed <n>',
      'decides faults, order, targets and moments; printed where it was drawn',
      positiveNumber,
    )
    .option('--faults <names>', 'only these, separated by commas (default: all; see --list)')
    .option('--rounds <n>', 'strikes of each fault (default 1; endless with --minutes)', positiveNumber)
    .option('--minutes <n>', 'no strike begins after this; a GO needs all that was asked for', positiveNumber)
    .option('--full', 'the full count of strikes, each as long as it should last: hours')
    .option('--share <part>', 'of the full count, above 0 to 1', share)
    .option('--rate <orders/s>', 'orders per second (default 100)', positiveNumber)
    .option('--gateways <n>', 'gateways to start (default 2)', positiveNumber)
    .option('--drainers <n>', 'drainers to start (default 2)', positiveNumber)
    .option('--on-these-services', 'break the services that DATABASE_URL, AMQP_URL and REDIS_URL name')
    .option('--no-bounds', 'report how long recovery took, and judge by the promises alone')
    .option('--folder <dir>', 'for data and logs (default: a temporary one, kept after a NO-GO)')
    .option('--resume <file>', 'keep finished acts there, and go on after those of this build')
    .option('--report <file>', 'write the report, an HTML page')
    .option('--json', 'the result as JSON on standard output, progress on standard error')
    .option('--list', 'only list the faults')
    .action((words: RehearseWords) => complain(() => runRehearse(words, env)))
    .addHelpText(
      'after',
      examples([
        ['sluice rehearse', 'every fault once'],
        ['sluice rehearse --seed 7 --faults kill-redis --rounds 5', 'the same strikes every time'],
        ['sluice rehearse --minutes 30 --report rehearsal.html', 'rounds for half an hour'],
      ]),
    );
}

async function runRehearse(words: RehearseWords, env: Environment): Promise<void> {
  const { rehearseCommand } = await import('../../../loadtest/rehearse/command.ts');
  const interrupted = new AbortController();
  // Every shopper who waits listens to it.
  setMaxListeners(0, interrupted.signal);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  process.exitCode = await rehearseCommand(words, {
    cli: fileURLToPath(new URL('../../cli.js', import.meta.url)),
    env,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: interrupted.signal,
  });
}

function share(text: string): number {
  const part = Number(text);
  if (!(part > 0 && part <= 1)) throw new InvalidArgumentError('it must be a number above 0, up to 1');
  return part;
}
