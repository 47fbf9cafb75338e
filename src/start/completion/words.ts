import type { Command, Option } from 'commander';

/** A word that may stand at a place of the command line, and what it means. */
export interface Word {
  readonly word: string;
  readonly means: string;
}

/** What may be typed after a command. */
export interface Place {
  /** The command's name behind those above it, without the program's: `sale apply`; empty for the program itself. */
  readonly path: string;
  readonly commands: readonly Word[];
  readonly options: readonly Word[];
  /** Options that a file's name follows. */
  readonly fileOptions: readonly string[];
  /** Options that something else follows, which nobody can guess. */
  readonly valueOptions: readonly string[];
  /** Its argument is a file. */
  readonly takesFile: boolean;
}

/** Every place of a command tree, the program's first. */
export function placesOf(program: Command): Place[] {
  return [...walk(program, [])];
}

function* walk(command: Command, path: readonly string[]): Generator<Place> {
  const help = command.createHelp();
  const options = help.visibleOptions(command);
  const subcommands = help.visibleCommands(command).filter((sub) => sub.name() !== 'help');
  const choices = command.registeredArguments.flatMap((argument) => argument.argChoices ?? []);
  const withValue = options.filter((option) => option.required || option.optional);
  yield {
    path: path.join(' '),
    commands: [
      ...subcommands.map((sub) => ({ word: sub.name(), means: sub.description() })),
      ...choices.map((word) => ({ word, means: '' })),
    ],
    options: options.map((option) => ({ word: nameOf(option), means: option.description })),
    fileOptions: withValue.filter(isFile).map(nameOf),
    valueOptions: withValue.filter((option) => !isFile(option)).map(nameOf),
    takesFile: command.registeredArguments.some((argument) => argument.name() === 'file'),
  };
  for (const sub of subcommands) yield* walk(sub, [...path, sub.name()]);
}

function nameOf({ long, short, flags }: Option): string {
  return long ?? short ?? flags;
}

function isFile({ flags }: Option): boolean {
  return flags.includes('<file>');
}
