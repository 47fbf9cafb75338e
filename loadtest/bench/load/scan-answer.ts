const headEndMark = Buffer.from('\r\n\r\n');
// Every spelling of Content-Length that servers use ends like this, and no other header's name does.
const lengthMark = Buffer.from('ength: ');
const statusAt = 'HTTP/1.1 '.length;
const zero = 0x30;

/** The peer sent something that this client does not read. */
export class AnswerError extends Error {
  readonly code = 'unreadable-answer';
}

/**
 * The length in bytes of the HTTP answer at the start of `bytes[0, length)`, or 0 while it is incomplete. Reads
 * no more than a load generator must: the end of the head and `Content-Length`.
 * @throws {AnswerError} for an answer without a length
 */
export function answerLength(bytes: Buffer, length: number): number {
  const headEnd = bytes.indexOf(headEndMark);
  // The buffer is used again, so what stands behind `length` is an older answer.
  if (headEnd < 0 || headEnd + headEndMark.length > length) return 0;
  const mark = bytes.indexOf(lengthMark);
  if (mark < 0 || mark > headEnd) throw new AnswerError('an answer has no Content-Length');
  let bodyBytes = 0;
  for (let i = mark + lengthMark.length; i < headEnd; i++) {
    const digit = bytes[i]! - zero;
    if (digit < 0 || digit > 9) break;
    bodyBytes = bodyBytes * 10 + digit;
  }
  const total = headEnd + headEndMark.length + bodyBytes;
  return total <= length ? total : 0;
}

/** The status code of an answer. */
export function answerStatus(bytes: Buffer): number {
  const at = (i: number) => bytes[statusAt + i]! - zero;
  return at(0) * 100 + at(1) * 10 + at(2);
}
