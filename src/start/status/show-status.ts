import { systemClock } from '../../platform/clock.ts';
import { createPaint, isColoured } from '../terminal.ts';
import { formatStatus } from './format-status.ts';
import { openLookOut, type Status } from './look-out.ts';
import { statusLine } from './status-line.ts';

const everyMs = 1_000;
/** After the whole second, on which every process reports. */
const phaseMs = 250;
/** Looks that are kept for the trends. */
const keptLooks = 60;

const screen = {
  // The other screen, no cursor, and long lines cut rather than wrapped.
  open: '\x1b[?1049h\x1b[?25l\x1b[?7l',
  close: '\x1b[?7h\x1b[?25h\x1b[?1049l',
  home: '\x1b[H',
  clearLine: '\x1b[K',
  clearBelow: '\x1b[J',
} as const;

/** `sluice status`: looks until there are rates to show, for two or three seconds. */
export async function showStatus(options: { json?: boolean }): Promise<void> {
  const lookOut = await openLookOut(process.cwd());
  try {
    let status = await lookOut.look();
    for (let looks = 1; looks < 3 && status.processes?.length && !status.orders; looks++) {
      await systemClock.sleep(untilNextLookMs());
      status = await lookOut.look();
    }
    const paint = createPaint(isColoured(process.stdout));
    console.log(
      options.json ? JSON.stringify(status, undefined, 2) : formatStatus([status], paint).join('\n'),
    );
  } finally {
    await lookOut.close();
  }
}

/**
 * `sluice status --watch`: each second a look, until Ctrl-C. On a terminal the table is drawn over the one before; else
 * each look is a line, as JSON one object a line.
 */
export async function watchStatus(options: { json?: boolean }): Promise<void> {
  const { stdout } = process;
  const ended = new AbortController();
  const end = () => ended.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  // Whoever reads has seen enough, as `head` has.
  stdout.on('error', end);
  const lookOut = await openLookOut(process.cwd());
  const onTerminal = stdout.isTTY === true && !options.json;
  const history: Status[] = [];
  const table = () => formatStatus(history, createPaint(isColoured(stdout)), stdout.columns);
  if (onTerminal) stdout.write(screen.open);
  try {
    while (!ended.signal.aborted) {
      history.push(await lookOut.look());
      history.splice(0, history.length - keptLooks);
      if (onTerminal) stdout.write(draw(table(), history.at(-1)!.at, stdout.rows));
      // The first look has no rates yet.
      else if (history.length > 1)
        stdout.write(`${options.json ? JSON.stringify(history.at(-1)) : statusLine(history.at(-1)!)}\n`);
      await systemClock.sleep(untilNextLookMs(), ended.signal);
    }
  } finally {
    // What was seen last stays to be read.
    if (onTerminal) stdout.write(`${screen.close}${history.length > 0 ? `${table().join('\n')}\n` : ''}`);
    await lookOut.close();
  }
}

function untilNextLookMs(): number {
  const leftMs = everyMs - ((systemClock.nowMs() - phaseMs) % everyMs);
  // A timer that rang a little early has had its look.
  return leftMs < phaseMs ? leftMs + everyMs : leftMs;
}

function draw(lines: readonly string[], at: string, rows: number): string {
  const room = Math.max(1, rows - 3);
  const shown =
    lines.length > room ? [...lines.slice(0, room - 1), `… ${lines.length - room + 1} more lines`] : lines;
  const all = [`Sluice at ${at}; Ctrl-C ends`, '', ...shown];
  return `${screen.home}${all.map((line) => `${line}${screen.clearLine}`).join('\n')}\n${screen.clearBelow}`;
}
