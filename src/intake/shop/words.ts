import { readFileSync } from 'node:fs';

/** The languages there is a file for, the one for everybody else first. */
export const languages = ['en', 'vi'] as const;
export type Language = (typeof languages)[number];

/** The text of one language, and numbers, money and times as it writes them. */
export interface Words {
  readonly language: Language;
  /** The text itself, for the page's scripts. */
  readonly json: string;
  /** @throws RangeError where the language has no such text. */
  say(key: string, values?: Readonly<Record<string, string | number>>): string;
  number(value: number): string;
  /** @param minor the price in the minor unit of the shop's currency */
  money(minor: number): string;
  /** In UTC, and saying so: the server does not know where the shopper is. */
  time(atMs: number): string;
}

/**
 * Reads the language's file.
 *
 * @param currency ISO 4217
 */
export function readWords(language: Language, currency: string): Words {
  const text = readFileSync(new URL(`./words/${language}.json`, import.meta.url), 'utf8');
  const table: Record<string, string> = JSON.parse(text);
  const money = new Intl.NumberFormat(language, { style: 'currency', currency });
  const minorPerUnit = 10 ** (money.resolvedOptions().maximumFractionDigits ?? 0);
  const number = new Intl.NumberFormat(language);
  const time = new Intl.DateTimeFormat(language, {
    ...({ year: 'numeric', month: 'long', day: 'numeric', hour: 'numeric', minute: '2-digit' } as const),
    timeZone: 'UTC',
    timeZoneName: 'short',
  });
  return {
    language,
    json: JSON.stringify(table),
    say(key, values = {}) {
      const template = table[key];
      if (template === undefined) throw new RangeError(`${language} has no text for ${key}`);
      return template.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
    },
    number: (value) => number.format(value),
    money: (minor) => money.format(minor / minorPerUnit),
    time: (atMs) => time.format(atMs),
  };
}

/**
 * The language a shopper reads: the one the address names, else the best of `Accept-Language` that there is a file
 * for, else the first.
 */
export function chooseLanguage(named: unknown, acceptLanguage: string | undefined): Language {
  const isKnown = (tag: unknown): tag is Language => languages.some((language) => language === tag);
  if (isKnown(named)) return named;
  const wanted = (acceptLanguage ?? '')
    .slice(0, 500)
    .split(',')
    .map((range) => {
      const [tag = '', quality] = range.split(';q=');
      return { tag: tag.trim().toLowerCase().split('-')[0], quality: quality ? Number(quality) : 1 };
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality);
  for (const { tag } of wanted) if (isKnown(tag)) return tag;
  return languages[0];
}
