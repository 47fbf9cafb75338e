import { type Setting, settings } from './settings.ts';

/** The settings as a Markdown table, for docs/configuration.md. */
export function describeSettings(): string {
  const rows = Object.entries<Setting>(settings).map(([name, setting]) => {
    const range =
      setting.choices?.join(', ') ?? (setting.min === undefined ? '' : `${setting.min} to ${setting.max}`);
    return `| \`${name}\` | ${setting.fallback ? `\`${setting.fallback}\`` : ''} | ${range} | ${setting.about} |`;
  });
  return ['| variable | default | range | what it does |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
