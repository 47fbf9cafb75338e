import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { problems } from '../problems.ts';
import { chooseLanguage, languages, readWords } from './words.ts';

const folder = new URL('.', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, folder), 'utf8');
const tableOf = (language: string): Record<string, string> => JSON.parse(read(`words/${language}.json`));
const valuesOf = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();

const sources = [
  ...readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts')),
  ...readdirSync(new URL('browser/', folder))
    .filter((name) => name.endsWith('.js'))
    .map((name) => `browser/${name}`),
].map(read);

/** Texts that a state, a problem or a unit picks. */
const picked =
  /^(problem|sale|order|order\.rejected|order\.failed|countdown|steps|away)(\.[a-z0-9-]+)?(\.text)?$/;

describe('the texts', () => {
  it('are the same in every language, with the same values in them', () => {
    const first = tableOf(languages[0]);
    for (const language of languages.slice(1)) {
      const table = tableOf(language);
      expect(Object.keys(table).sort()).toEqual(Object.keys(first).sort());
      for (const [key, text] of Object.entries(table)) {
        expect(text.trim(), `${language} ${key}`).not.toBe('');
        expect(valuesOf(text), `${language} ${key}`).toEqual(valuesOf(first[key]!));
      }
    }
  });

  it('are there for everything that the page says, and none says nothing', () => {
    const keys = Object.keys(tableOf('en'));
    const said = sources.flatMap((source) =>
      [...source.matchAll(/say\(\s*'([^']+)'/g)].map((found) => found[1]!),
    );
    expect(said.length).toBeGreaterThan(40);
    expect(said.filter((key) => !keys.includes(key))).toEqual([]);
    const whole = sources.join('\n');
    expect(keys.filter((key) => !whole.includes(`'${key}'`) && !picked.test(key))).toEqual([]);
  });

  it('put every refusal into words of its own', () => {
    const keys = Object.keys(tableOf('en'));
    for (const name of Object.keys(problems)) {
      expect(keys).toContain(`problem.${name}`);
      expect(keys).toContain(`problem.${name}.text`);
    }
    const named = keys.flatMap((key) => /^problem\.([a-z-]+)\.text$/.exec(key)?.[1] ?? []);
    expect(named.filter((name) => !Object.hasOwn(problems, name))).toEqual([]);
  });

  it('are real Vietnamese, with its signs', () => {
    const texts = Object.entries(tableOf('vi')).filter(([, text]) => text.length > 12);
    expect(texts.filter(([, text]) => !/[à-ỹđ]/i.test(text)).map(([key]) => key)).toEqual([]);
  });
});

it('prices follow the currency’s own minor unit', () => {
  expect(readWords('en', 'USD').money(49_900)).toBe('$499.00');
  expect(readWords('vi', 'VND').money(49_900).replace(/\s/g, ' ')).toBe('49.900 ₫');
});

it.each([
  { named: undefined, header: 'vi-VN,vi;q=0.9,en;q=0.8', language: 'vi' },
  { named: undefined, header: 'fr-FR,en;q=0.3,vi;q=0.7', language: 'vi' },
  { named: undefined, header: 'vi;q=0, en', language: 'en' },
  { named: undefined, header: 'fr', language: 'en' },
  { named: undefined, header: undefined, language: 'en' },
  { named: 'vi', header: 'en', language: 'vi' },
  { named: ['vi', 'en'], header: 'en', language: 'en' },
  { named: '../../etc', header: ',;q=x,,', language: 'en' },
])('$header, or $named by name, is answered in $language', ({ named, header, language }) => {
  expect(chooseLanguage(named, header)).toBe(language);
});
