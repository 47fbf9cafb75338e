/** No word for this long means that contact is lost: snapshots come every second. */
const lostAfterMs = 3_500;
const tryAgainMs = 1_000;

/**
 * Follows the server's events, for ever: what breaks is begun again.
 *
 * @param {object} handlers
 * @param {(history: { columns: string[], points: (number | null)[][] }) => void} handlers.onHistory
 * @param {(snapshot: any) => void} handlers.onSnapshot
 * @param {(contact: 'live' | 'lost', sinceMs: number | undefined) => void} handlers.onContact called every
 *   second, with how long ago the last word came
 */
export function follow({ onHistory, onSnapshot, onContact }) {
  /** @type {number | undefined} */
  let heardAt;
  /** @type {EventSource | undefined} */
  let source;

  function open() {
    source?.close();
    const opened = new EventSource('/admin/stream');
    source = opened;
    opened.addEventListener('history', (event) => onHistory(JSON.parse(event.data)));
    opened.addEventListener('snapshot', (event) => {
      heardAt = performance.now();
      onSnapshot(JSON.parse(event.data));
      tell();
    });
    opened.addEventListener('session-over', () => location.assign('/ops'));
    opened.onerror = () => {
      opened.close();
      if (source === opened) setTimeout(again, tryAgainMs);
    };
  }

  /** A stream that was refused says nothing of why: the session may be over. */
  async function again() {
    const session = await fetch('/ops/session', { signal: AbortSignal.timeout(3_000) }).catch(
      () => undefined,
    );
    if (session?.status === 401) location.assign('/ops');
    else open();
  }

  function tell() {
    const sinceMs = heardAt === undefined ? undefined : performance.now() - heardAt;
    onContact(sinceMs !== undefined && sinceMs < lostAfterMs ? 'live' : 'lost', sinceMs);
  }

  open();
  const startedAt = performance.now();
  setInterval(() => {
    if (heardAt !== undefined || performance.now() - startedAt > lostAfterMs) tell();
    // A connection that hangs raises no error.
    const quietSince = heardAt ?? startedAt;
    if (performance.now() - quietSince > 3 * lostAfterMs && source?.readyState === EventSource.OPEN) open();
  }, 500);
}
