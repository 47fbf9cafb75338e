/** What a command's help ends with: lines to copy, each with what it does where that is not plain. */
export function examples(lines: readonly (readonly [line: string, means: string])[]): string {
  const width = Math.max(...lines.map(([line]) => line.length));
  const shown = lines.map(([line, means]) => `  ${means ? `${line.padEnd(width)}  # ${means}` : line}`);
  return `\nExamples:\n${shown.join('\n')}`;
}
