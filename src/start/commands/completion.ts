import { Argument, type Command } from 'commander';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { placesOf } from '../completion/words.ts';
import { zshCompletion } from '../completion/zsh.ts';
import { examples } from './examples.ts';

const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;
type Shell = keyof typeof scripts;

/** `completion`: made from the commands that there are. */
export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .description('print the script with which a shell completes this command')
    .addArgument(new Argument('<shell>').choices(Object.keys(scripts)))
    .action((shell: Shell) => void process.stdout.write(scripts[shell](placesOf(program))))
    .addHelpText(
      'after',
      examples([
        ['source <(sluice completion bash)', 'or zsh'],
        ['sluice completion fish | source', ''],
      ]),
    );
}
