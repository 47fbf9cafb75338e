import { type FigureName, figureTitles } from '../figure.ts';
import type { BenchResult } from './summary.ts';

/** The result as text: figures with spread and CPU, then ratios against their floors. */
export function formatResult({ figures, ratios, environment, settings, turns }: BenchResult): string {
  const names = (Object.keys(figureTitles) as FigureName[]).filter((name) => figures[name] !== undefined);
  const width = Math.max(
    ...names.map((name) => figureTitles[name].length),
    ...ratios.map((r) => r.name.length),
  );
  const lines = [`${'orders/s'.padEnd(width)}     median   least – most`];
  for (const name of names) {
    const { median, least, most } = figures[name]!;
    lines.push(
      `${figureTitles[name].padEnd(width)}  ${whole(median).padStart(9)}   ${whole(least)} – ${whole(most)}`,
    );
  }
  lines.push('', 'CPU per order, µs');
  for (const name of names) {
    const cpu = Object.entries(figures[name]!.cpuMicrosPerOrder)
      .filter(([, micros]) => micros >= 0.5)
      .sort(([, a], [, b]) => b - a);
    if (cpu.length === 0) continue;
    lines.push(
      `${figureTitles[name].padEnd(width)}  ${cpu.map(([process, micros]) => `${process} ${micros.toFixed(1)}`).join(', ')}`,
    );
  }
  lines.push('', `${'ratio of medians'.padEnd(width)}  measured   floor`);
  for (const { name, value, floor, met } of ratios) {
    lines.push(
      `${name.padEnd(width)}  ${value.toFixed(2).padStart(8)}   ${String(floor).padStart(5)}  ${met ? 'met' : 'MISSED'}`,
    );
  }
  const failed = turns.filter(({ audit }) => !audit.passed);
  lines.push('', `${turns.length - failed.length} of ${turns.length} audits passed`);
  for (const { contestant, round, audit } of failed)
    lines.push(`FAILED: ${contestant}, round ${round}: ${audit.found}`);
  const { cpu, cores, memoryGiB, kernel, node } = environment;
  lines.push(
    `${settings.rounds} rounds of ${settings.seconds} s after ${settings.warmupSeconds} s warm-up; ` +
      `${cpu}, ${cores} cores shared with the load generator, ${memoryGiB} GiB, ${kernel}, Node ${node}`,
  );
  return lines.join('\n');
}

/** 12345.6 as 12,346. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-GB');
}
