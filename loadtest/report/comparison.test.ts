import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareResults, readEarlierResult } from './comparison.ts';
import { renderReport } from './html.ts';
import { plainWords } from './plain-words.ts';
import type { RunResult } from './result.ts';
import { someResult } from './some-result.testing.ts';

let folder: string;
let before: RunResult;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'comparison-test-'));
  before = await someResult(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The same run with other times to the answer. */
function withLatency(factor: number, changes: Partial<RunResult> = {}): RunResult {
  const { accepted } = before.drive.latency;
  const slower = { ...accepted, p50Ms: accepted.p50Ms * factor, p99Ms: accepted.p99Ms * factor };
  const latency = { ...before.drive.latency, accepted: slower };
  return { ...before, drive: { ...before.drive, latency }, ...changes };
}

const figure = (now: RunResult, name: string) =>
  compareResults(before, now).figures.find((each) => each.name === name);

describe('a comparison', () => {
  it('says better or worse, with the ratio, and the same within a tenth', () => {
    expect(figure(withLatency(2), 'Accepted, 99 % within')).toMatchObject({ verdict: 'worse', ratio: 2 });
    expect(figure(withLatency(0.5), 'Accepted, half within')).toMatchObject({
      verdict: 'better',
      ratio: 0.5,
    });
    expect(figure(withLatency(1.09), 'Accepted, 99 % within')).toMatchObject({ verdict: 'same' });
    expect(figure(withLatency(1), 'Orders offered')).toMatchObject({ verdict: 'neutral', ratio: 1 });
  });

  it('knows that more is worse for errors from none, and better for the use of the cap', () => {
    const outcomes = { ...before.drive.measured.outcomes, timeout: 3 };
    const failing = {
      ...before,
      drive: { ...before.drive, measured: { ...before.drive.measured, outcomes } },
    };
    const errors = figure(failing, 'Errors and orders not sent');
    expect(errors).toMatchObject({ verdict: 'worse', before: 0, now: 3 });
    expect(errors).not.toHaveProperty('ratio');
    const used = { ...before, audit: { ...before.audit, capUsedRatio: 0.5 } };
    expect(figure(used, 'Cap used while there was a backlog')).toMatchObject({ verdict: 'worse' });
  });

  it('warns of every way in which the two runs were not made alike', () => {
    expect(compareResults(before, withLatency(1)).differences).toEqual([]);
    const elsewhere = withLatency(1, {
      capOrdersPerSecond: 600,
      settings: { ...before.settings, rate: 9_000 },
      environment: { ...before.environment, cores: 64, loadAverage: 60 },
    });
    expect(compareResults(before, elsewhere).differences).toEqual([
      'cores: 2 before, 64 now',
      'highest rate, orders/s: 5000 before, 9000 now',
      'cap, orders/s: 1234 before, 600 now',
      'machine busy before the run: false before, true now',
    ]);
  });

  it('stands in the report, with the earlier curves dashed', async () => {
    const html = await renderReport(withLatency(2, { capOrdersPerSecond: 600 }), {
      file: 'earlier.json',
      result: before,
    });
    expect(html).toContain('Worse: accepted, half within; accepted, 99 % within');
    expect(html).toContain('The two runs were not made alike');
    expect(html).toContain('2 ×');
    expect(html.match(/class="line accepted dashed"/g)).toHaveLength(4);
    expect(await renderReport(before)).not.toMatch(/dashed"|Against the run/);
  });

  it('reads the JSON file of a run, and nothing else', async () => {
    const file = join(folder, 'result.json');
    writeFileSync(file, JSON.stringify(before));
    expect((await readEarlierResult(file)).result).toEqual(JSON.parse(JSON.stringify(before)));
    for (const text of ['{}', '[', 'null', '{"scenario":"spike"}']) {
      writeFileSync(file, text);
      await expect(readEarlierResult(file)).rejects.toMatchObject({ code: 'NO_RESULT' });
    }
    await expect(readEarlierResult(join(folder, 'missing.json'))).rejects.toMatchObject({
      message: expect.stringContaining('missing.json'),
    });
  });
});

describe('the plain words', () => {
  it('tell what came, how it was answered, who was too late, and what the audit found', () => {
    const { headline, sentences } = plainWords(before);
    expect(headline).toMatch(/^It held: /);
    const story = sentences.join(' ');
    expect(story).toContain('The crowd sent 12,345 orders');
    expect(story).toContain('Every one was answered');
    expect(story).toContain('45 orders came too late or over the limit');
    expect(story).toContain('no more than 1,234 orders a second, and wrote 1,295 in its busiest second');
    expect(story).toContain('found every promise kept');
  });

  it('put what was missed first, with what was wanted', () => {
    const [threshold] = before.thresholds;
    const checks = [
      { name: 'cap-used', promise: 5, verdict: 'broken', detail: 'only 96.8 % of the cap was used' },
      { name: 'cap-kept', promise: 5, verdict: 'holds', detail: 'fine' },
    ];
    const { headline, sentences } = plainWords({
      ...before,
      passed: false,
      thresholds: [{ ...threshold!, value: 1_400, passed: false }],
      audit: { ...before.audit, clean: false, report: { checks } },
    });
    expect(headline).toBe('It did not hold: busiest second 1,400 orders (wanted: at most 1,296 orders).');
    expect(sentences.at(-1)).toBe('The audit afterwards objects: only 96.8 % of the cap was used.');
  });
});
