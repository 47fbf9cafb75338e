import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationSeconds, rateAt } from './rate-profile.ts';
import { parseTrace, traceProfile } from './trace.ts';

describe('a trace', () => {
  it('is scaled to its peak and length, whatever they were', () => {
    const counts = fc.array(fc.integer({ min: 0, max: 300_000 }), { minLength: 2, maxLength: 40 });
    fc.assert(
      fc.property(
        counts.filter((values) => values.some((value) => value > 0)),
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 600 }),
        (values, peakRate, seconds) => {
          const profile = traceProfile(values, { peakRate, seconds });
          expect(durationSeconds(profile)).toBeCloseTo(seconds, 6);
          const highest = Math.max(...profile.segments.flatMap(({ fromRate, toRate }) => [fromRate, toRate]));
          expect(highest).toBeCloseTo(peakRate, 6);
        },
      ),
    );
  });

  it('runs in straight lines from count to count', () => {
    const profile = traceProfile([0, 100, 50], { peakRate: 1_000, seconds: 20 });
    expect([0, 5, 10, 15].map((second) => rateAt(profile, second))).toEqual([0, 500, 1_000, 750]);
  });

  it('reads a time and a count per row', () => {
    expect(
      parseTrace('minute_utc,requests\n1998-07-07T00:00:00Z,8981\r\n1998-07-07T00:01:00Z,8960\n'),
    ).toEqual([8981, 8960]);
  });

  it('names the line that does not fit', () => {
    expect(() => parseTrace('t,n\n1998-07-07T00:00:00Z,1\n1998-07-07T00:01:00Z,many')).toThrow(/line 3/);
    expect(() => parseTrace('t,n\n1998-07-07T00:00:00Z,1')).toThrow(/two rows/);
    expect(() => parseTrace('t,n\n1998-07-07T00:00:00Z,0\n1998-07-07T00:01:00Z,0')).toThrow(/without/);
  });
});
