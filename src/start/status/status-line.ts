import type { Status } from './look-out.ts';

/** A cluster's state as one line of names and values, for logs; a question mark is what could not be read. */
export function statusLine(status: Status): string {
  const { cap, queue, waiting, oldestAgeSeconds, drainSeconds } = status;
  const away = status.dependencies.filter(({ up, awayFrom }) => up === false || awayFrom.length > 0);
  const values = {
    waiting,
    oldest: oldestAgeSeconds === null ? undefined : `${oldestAgeSeconds.toFixed(1)}s`,
    drain: drainSeconds === null ? undefined : `${Math.ceil(drainSeconds)}s`,
    accepted: rate(status.orders?.accepted),
    drained: rate(status.drained?.perSecond),
    cap: rate(cap?.ordersPerSecond),
    reason: cap?.paused ? 'paused' : cap?.reason.replaceAll(' ', '-'),
    'sold-out': rate(status.orders?.soldOut),
    refused: rate(status.orders?.refused),
    'dead-letters': queue?.deadLetters,
  };
  return [
    status.at,
    ...Object.entries(values).map(([name, value]) => `${name}=${value ?? '?'}`),
    ...(away.length > 0 ? [`away=${away.map(({ name }) => name).join(',')}`] : []),
  ].join(' ');
}

function rate(perSecond: number | undefined): string | undefined {
  return perSecond === undefined ? undefined : `${Math.round(perSecond)}/s`;
}
