/** What a drainer learned from the batch it has just written. All in milliseconds. */
export interface Experience {
  /** What the ledger had it wait before that, because it came too early. */
  readonly waitedMs: number;
  /** How long the cap holds back another batch of that size. */
  readonly nextInMs: number;
  /** How far apart such batches are at the cap. */
  readonly spacingMs: number;
}

/** Whoever comes later than this part of the spacing leaves capacity unused. */
const lateFrom = 0.3;
/** No more drainers than this are expected to take turns. */
const drainersMax = 8;

/**
 * How long a drainer stays away beyond its own next turn, because others take the turns in between. Without this each
 * of four drainers tries for every turn, and three tries of four cost the database a look at the cap and nothing else.
 *
 * Nobody knows how many others there are; each finds out: who comes too early stays away longer, who comes late by
 * more than a third of a turn half as long. So somebody always comes early, and the cap is used.
 */
export function createPatience(): (experience: Experience) => number {
  let extraMs = 0;
  return ({ waitedMs, nextInMs, spacingMs }) => {
    if (waitedMs > 0) extraMs += waitedMs / 2;
    else if (spacingMs - nextInMs > lateFrom * spacingMs) extraMs /= 2;
    extraMs = Math.min(extraMs, (drainersMax - 1) * spacingMs);
    return extraMs;
  };
}
