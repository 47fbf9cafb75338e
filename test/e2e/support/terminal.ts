import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { builtCommand } from '../../support/build.ts';
import { until } from '../../support/wait.ts';
import { type Environment, environmentWith } from './command.ts';

/** A `sluice …` that runs on, and what it has printed so far. */
export interface Running {
  output(): string;
  /** Resolves with what is looked for in the output. */
  prints(wanted: RegExp): Promise<RegExpExecArray>;
  /** As Ctrl-C does; resolves with the exit code. */
  interrupt(): Promise<number | null>;
}

/** Runs `sluice …` with its output in a pipe. */
export async function inPipe(cwd: string, args: readonly string[]): Promise<Running> {
  const command = [await builtCommand(), ...args];
  const child = spawn(process.execPath, command, { cwd, env: environmentWith({}) });
  return running(child, () => void child.kill('SIGINT'));
}

/** What the test run itself may have been told about colours is none of the command's concern. */
const aboutColours = {
  TERM: 'xterm-256color',
  CI: undefined,
  TMUX: undefined,
  FORCE_COLOR: undefined,
  NO_COLOR: undefined,
  NODE_DISABLE_COLORS: undefined,
};

/** Runs `sluice …` on a terminal of 100 columns, which script(1) plays. */
export async function onTerminal(
  cwd: string,
  args: readonly string[],
  env: Environment = {},
): Promise<Running> {
  const command = [process.execPath, await builtCommand(), ...args].join(' ');
  const child = spawn('script', ['-qfec', `stty cols 100 rows 40; exec ${command}`, '/dev/null'], {
    cwd,
    env: { ...environmentWith({}), ...aboutColours, ...env },
  });
  return running(child, () => void child.stdin.write('\x03'));
}

function running(child: ChildProcessWithoutNullStreams, interrupt: () => void): Running {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    output: () => output,
    async prints(wanted) {
      return until(() => wanted.exec(output), { deadlineMs: 20_000, what: `${wanted} in:\n${output}` });
    },
    interrupt() {
      interrupt();
      return ended;
    },
  };
}
