import type { Socket } from 'node:net';

/** What may wait in a lane before its source is left unread, bytes. */
const maxWaitingBytes = 1024 * 1024;

/** One direction of a proxied connection: what comes in at one socket leaves at the other, in order. */
export interface Lane {
  /** Milliseconds that each piece is kept; what waits already keeps its time. */
  setDelay(ms: number): void;
  /** Keeps everything back until it is let through. */
  setHeld(held: boolean): void;
  /**
   * Puts bytes of our own between those that pass, once `mayFollow` says of the piece before that it ends where
   * they fit.
   */
  inject(bytes: Buffer, mayFollow: (piece: Buffer) => boolean): void;
}

/**
 * @param inspect sees each piece as it comes in, and says what of it goes on (nothing: an empty buffer)
 */
export function createLane(from: Socket, to: Socket, inspect: (piece: Buffer) => Buffer): Lane {
  const waiting: { readonly piece: Buffer; readonly dueAtMs: number }[] = [];
  let waitingBytes = 0;
  let delayMs = 0;
  let held = false;
  let timer: NodeJS.Timeout | undefined;
  let toInject: { readonly bytes: Buffer; readonly mayFollow: (piece: Buffer) => boolean } | undefined;

  function forward(): void {
    clearTimeout(timer);
    timer = undefined;
    while (!held && waiting.length > 0) {
      const leftMs = waiting[0]!.dueAtMs - performance.now();
      if (leftMs > 0) {
        timer = setTimeout(forward, leftMs);
        break;
      }
      const { piece } = waiting.shift()!;
      waitingBytes -= piece.length;
      send(piece);
    }
    if (waitingBytes < maxWaitingBytes && to.writableLength < maxWaitingBytes) from.resume();
  }

  function send(piece: Buffer): void {
    if (to.destroyed) return;
    to.write(piece);
    if (toInject?.mayFollow(piece)) {
      to.write(toInject.bytes);
      toInject = undefined;
    }
  }

  from.on('data', (data) => {
    const piece = inspect(data);
    if (piece.length > 0) {
      waiting.push({ piece, dueAtMs: delayMs > 0 ? performance.now() + delayMs : 0 });
      waitingBytes += piece.length;
    }
    forward();
    if (waitingBytes >= maxWaitingBytes || to.writableLength >= maxWaitingBytes) from.pause();
  });
  from.on('end', () => {
    // Late, where something still waits; what is held back is never told that the other side is done.
    if (!held) setTimeout(() => to.end(), delayMs);
  });
  from.on('close', () => clearTimeout(timer));
  to.on('drain', forward);

  return {
    setDelay(ms) {
      delayMs = ms;
    },
    setHeld(now) {
      held = now;
      forward();
    },
    inject(bytes, mayFollow) {
      toInject = { bytes, mayFollow };
    },
  };
}
