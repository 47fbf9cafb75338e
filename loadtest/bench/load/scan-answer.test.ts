import { describe, expect, it } from 'vitest';
import { AnswerError, answerLength, answerStatus } from './scan-answer.ts';

const whole =
  'HTTP/1.1 202 Accepted\r\nlocation: /a\r\nContent-Length: 12\r\nDate: today\r\n\r\n{"a":"\r\n\r\n"}';

describe('scanning an answer', () => {
  it('finds the end by Content-Length, whatever the body holds', () => {
    const bytes = Buffer.from(`${whole}HTTP/1.1 409`);
    expect(answerLength(bytes, bytes.length)).toBe(whole.length);
    expect(answerStatus(bytes)).toBe(202);
  });

  it('is incomplete for every part of an answer, also over the bytes of an older one', () => {
    const bytes = Buffer.from(whole);
    for (let length = 0; length < bytes.length; length++) expect(answerLength(bytes, length)).toBe(0);
    expect(answerLength(bytes, bytes.length)).toBe(bytes.length);
  });

  it('refuses an answer without a length', () => {
    const bytes = Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nlength: 5');
    expect(() => answerLength(bytes, bytes.length)).toThrow(AnswerError);
  });
});
