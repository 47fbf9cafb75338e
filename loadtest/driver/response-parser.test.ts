import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseResponse } from './response-parser.ts';

const parse = (text: string, ended = false) => {
  const bytes = Buffer.from(text, 'latin1');
  return parseResponse(bytes, bytes.length, ended);
};

const body = fc.string({ unit: 'binary-ascii', maxLength: 300 });
const chunks = (text: string, size: number) =>
  `${(text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? [])
    .map((part) => `${part.length.toString(16)}\r\n${part}\r\n`)
    .join('')}0\r\n\r\n`;

describe('the answer parser', () => {
  it('knows an answer when its last byte is there, and not before', () => {
    fc.assert(
      fc.property(body, fc.boolean(), fc.integer({ min: 1, max: 50 }), (text, chunked, size) => {
        const framing = chunked ? 'Transfer-Encoding: chunked' : `content-length: ${text.length}`;
        const whole = `HTTP/1.1 202 Accepted\r\n${framing}\r\nX: y\r\n\r\n${chunked ? chunks(text, size) : text}`;
        const bytes = Buffer.from(whole, 'latin1');
        for (let length = 0; length < bytes.length; length++) {
          expect(parseResponse(bytes, length)).toBe('incomplete');
        }
        expect(parseResponse(bytes, bytes.length)).toMatchObject({ status: 202, keepAlive: true });
        expect(parse(`${whole}H`)).toBe('malformed');
      }),
      { numRuns: 50 },
    );
  });

  it('skips interim answers', () => {
    const text = 'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 409 Conflict\r\ncontent-length: 2\r\n\r\n{}';
    expect(parse(text)).toMatchObject({ status: 409 });
  });

  it('ends a body without a length where the connection ends', () => {
    const text = 'HTTP/1.1 500 Oops\r\n\r\nsorry';
    expect(parse(text)).toBe('incomplete');
    expect(parse(text, true)).toMatchObject({ status: 500, keepAlive: false });
  });

  it('does not take a body that was cut off for an answer', () => {
    expect(parse('HTTP/1.1 202 OK\r\ncontent-length: 5\r\n\r\nabc', true)).toBe('incomplete');
  });

  it('reads replays, unknown outcomes, and the end of keep-alive', () => {
    const head = 'content-length: 0\r\nIdempotent-Replayed: true\r\nConnection: close\r\n\r\n';
    expect(parse(`HTTP/1.1 202 Accepted\r\n${head}`)).toMatchObject({ replayed: true, keepAlive: false });
    const problem = '{"type":"/problems/outcome-unknown"}';
    const unknown = `HTTP/1.1 503 No\r\nKeep-Alive: timeout=7\r\nRetry-After: 2\r\ncontent-length: ${problem.length}\r\n\r\n${problem}`;
    expect(parse(unknown)).toMatchObject({
      outcomeUnknown: true,
      keepAliveSeconds: 7,
      retryAfterSeconds: 2,
    });
  });

  it('refuses what is not HTTP', () => {
    expect(parse('SSH-2.0-OpenSSH_9.2\r\n\r\n')).toBe('malformed');
    expect(parse('x'.repeat(20_000))).toBe('malformed');
  });
});
