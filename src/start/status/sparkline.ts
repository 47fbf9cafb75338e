const blocks = '▁▂▃▄▅▆▇█';

/** Values over time as one line of characters, the highest as a full block; what is unknown is a gap. */
export function sparkline(values: readonly (number | null)[]): string {
  const highest = Math.max(0, ...values.map((value) => value ?? 0));
  return values
    .map((value) => {
      if (value === null) return ' ';
      const step = highest === 0 ? 0 : Math.ceil((value / highest) * (blocks.length - 1));
      return blocks[Math.max(0, step)]!;
    })
    .join('');
}

/** A share of 0 to 1 as a bar. */
export function bar(share: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}
