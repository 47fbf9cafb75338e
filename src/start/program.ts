import { Command } from 'commander';
import { addCheckCommands } from './commands/checks.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addDeadLetterCommands } from './commands/dead-letters.ts';
import { addDrainCommands } from './commands/drain.ts';
import { exitCodes } from './commands/exit-codes.ts';
import { addRankingCommand } from './commands/ranking.ts';
import { addRehearseCommand } from './commands/rehearse.ts';
import { addRoleCommands } from './commands/roles.ts';
import { addSaleCommands } from './commands/sale.ts';
import { addSetupCommands } from './commands/setup.ts';
import { addStatusCommand } from './commands/status.ts';
import type { Environment } from './supervise.ts';

/**
 * The `sluice` command, one family of commands a file. Parts are loaded when they are used: a role does not pay
 * for the others.
 *
 * @param env what the processes that a command starts inherit
 */
export function createProgram(env: Environment): Command {
  const program = new Command('sluice')
    .description('Flash-sale gateway: claims stock, queues the burst, drains it at a capped rate.')
    .showHelpAfterError()
    .exitOverride((error) => process.exit(error.exitCode === 0 ? exitCodes.ok : exitCodes.usage));

  addRoleCommands(program, env);
  addSetupCommands(program);
  addSaleCommands(program);
  addStatusCommand(program);
  addDrainCommands(program);
  addDeadLetterCommands(program);
  addRankingCommand(program);
  addCheckCommands(program);
  addRehearseCommand(program, env);
  addCompletionCommand(program);
  return program;
}
