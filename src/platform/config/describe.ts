import { readConfig } from './read.ts';
import { type Setting, settings } from './settings.ts';

/** The settings as a Markdown table with aligned columns, for docs/configuration.md. */
export function describeSettings(): string {
  const rows = Object.entries<Setting>(settings).map(([name, setting]) => {
    const range =
      setting.choices?.join(', ') ?? (setting.min === undefined ? '' : `${setting.min} to ${setting.max}`);
    return [`\`${name}\``, setting.fallback ? `\`${setting.fallback}\`` : '', range, setting.about];
  });
  const head = ['variable', 'default', 'range', 'what it does'];
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((text, i) => text.padEnd(widths[i]!)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

export interface ListedSetting {
  readonly name: string;
  /** As it would be written in the environment, a secret as `***`; absent where the setting is unset. */
  readonly value?: string;
  readonly source: 'default' | 'environment' | 'unset';
}

/**
 * Every setting as it is in force.
 *
 * @throws ConfigError where the environment has faults.
 */
export function listSettings(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ListedSetting[] {
  readConfig(environment);
  return Object.entries<Setting>(settings).map(([name, setting]) => {
    const given = environment[name];
    if (given) return { name, value: setting.secret ? '***' : given, source: 'environment' };
    if (setting.fallback === undefined) return { name, source: 'unset' };
    return { name, value: setting.fallback, source: 'default' };
  });
}
