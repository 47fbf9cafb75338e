import type { FaultRow, RehearsalResult, StrikeResult } from './result.ts';

/** The end of the output: the table, the answers of those who were turned away, memory, the verdict. */
export function formatResult(result: RehearsalResult): string {
  const strikes = result.acts.flatMap((act) => act.strikes);
  const violations = result.table.reduce((sum, row) => sum + row.violations, 0);
  return [
    '',
    columns([
      ['fault', 'rounds', 'violations', 'median', 'worst', 'bound', '3/N'],
      ...result.table.map(cells),
    ]),
    '',
    strikesInWords(strikes.length, violations),
    ...formatRefusals(strikes),
    ...formatMemory(result),
    '',
    ...result.reasons.map((reason) => `against: ${reason}`),
    `seed ${result.seed}: ${result.go ? 'GO' : 'NO-GO'}`,
  ].join('\n');
}

function strikesInWords(strikes: number, violations: number): string {
  if (violations > 0) return `${violations} of ${strikes} strikes with a violation`;
  // Three or fewer say nothing about the next.
  const bound =
    strikes > 3
      ? `: with 95 % confidence fewer than ${percent(3 / strikes)} of such strikes break a promise`
      : '';
  return `${strikes} strikes without a violation${bound}`;
}

function cells({ fault, strikes, violations, medianMs, worstMs, boundMs, late, atMost }: FaultRow): string[] {
  if (strikes === 0) return [fault, '0', '–', '–', '–', seconds(boundMs), '–'];
  return [
    fault,
    String(strikes),
    String(violations),
    seconds(medianMs),
    `${seconds(worstMs)}${late > 0 ? ` (${late} late)` : ''}`,
    seconds(boundMs),
    atMost === null ? 'broken' : atMost === 1 ? '–' : `< ${percent(atMost)}`,
  ];
}

/** Answers to orders that could not be taken, over all strikes. */
export function formatRefusals(strikes: readonly StrikeResult[]): string[] {
  const sum = (of: (refusals: StrikeResult['refusals']) => number) =>
    strikes.reduce((total, { refusals }) => total + of(refusals), 0);
  const most = (of: (refusals: StrikeResult['refusals']) => number | null) => {
    const values = strikes.flatMap(({ refusals }) => of(refusals) ?? []);
    return values.length === 0 ? '–' : `${Math.round(Math.max(...values))} ms`;
  };
  const unavailable = sum((refusals) => refusals.unavailable);
  const unknown = sum((refusals) => refusals.outcomeUnknown);
  return [
    `turned away: ${unavailable} unavailable, ${unknown} outcome-unknown, ${sum(({ withoutRetryAfter }) => withoutRetryAfter)} of them without Retry-After; ${sum(({ broken }) => broken)} connections broken`,
    `  first 503s of a fault (one confirm timeout): slowest ${most(({ slowestFirstMs }) => slowestFirstMs)}; later ones, worst strike: median ${most(({ laterMedianMs }) => laterMedianMs)}, p99 ${most(({ laterP99Ms }) => laterP99Ms)}, slowest ${most(({ slowestLaterMs }) => slowestLaterMs)}`,
  ];
}

/** Each process: when the rehearsal began, at most while it was under fire, when it was quiet at the end. */
export function memoryRows(acts: RehearsalResult['acts']) {
  const labels = [...new Set(acts.flatMap(({ memory }) => memory.map(({ label }) => label)))].sort();
  const mebibytes = (value: number | null | undefined) => (value == null ? '–' : String(value));
  return labels.map((label) => {
    const seen = acts.flatMap(({ memory }) => memory.filter((each) => each.label === label));
    const during = Math.max(0, ...seen.map(({ duringMiB }) => duringMiB ?? 0));
    return {
      label,
      before: mebibytes(seen[0]?.beforeMiB),
      during: during === 0 ? '–' : String(during),
      after: mebibytes(seen.at(-1)?.afterMiB),
    };
  });
}

function formatMemory({ acts }: RehearsalResult): string[] {
  return memoryRows(acts).map(
    ({ label, before, during, after }) =>
      `memory of ${label}: ${before} MiB before, ${during} at most under fire, ${after} after`,
  );
}

/** 1,234 ms as 1.2 s. */
export function seconds(ms: number | null): string {
  return ms === null ? 'never' : `${(ms / 1_000).toFixed(1)} s`;
}

/** 0.06 as 6 %. */
export function percent(part: number): string {
  return `${(part * 100).toLocaleString('en', { maximumSignificantDigits: 2 })} %`;
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
        .join('  '),
    )
    .join('\n');
}
