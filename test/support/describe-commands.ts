import type { Command } from 'commander';

/** What `--help` says of every command, as Markdown. */
export function describeCommands(program: Command): string {
  return [...walk(program, [program.name()])].join('\n');
}

function* walk(command: Command, path: readonly string[]): Generator<string> {
  yield `## ${path.join(' ')}\n\n\`\`\`\n${helpOf(command)}\n\`\`\`\n`;
  for (const sub of command.createHelp().visibleCommands(command)) {
    if (sub.name() !== 'help') yield* walk(sub, [...path, sub.name()]);
  }
}

function helpOf(command: Command): string {
  let help = '';
  command.configureOutput({
    writeOut: (text) => {
      help += text;
    },
    getOutHelpWidth: () => 80,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return help.trimEnd();
}
