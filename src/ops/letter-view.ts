/** What every dead letter has, whether of an order or of an event. */
interface Letter {
  readonly id: string;
  readonly reason: string;
  readonly cause: string;
  readonly failedAtMs: number;
  readonly history: readonly string[];
}

/** A letter for people and programs, without what is in it. */
export function viewOfLetter({ id, reason, cause, failedAtMs, history }: Letter) {
  return { id, failedAt: isoOrNull(failedAtMs), reason, cause, history };
}

const contentShownBytes = 4_096;

/** The bytes of a letter that could not be read: as text where they are text, else in base64. */
export function readable(content: Buffer | undefined): string | null {
  if (content === undefined) return null;
  const shown = content.subarray(0, contentShownBytes);
  const text = shown.toString('utf8');
  return text.includes('\uFFFD') ? `base64:${shown.toString('base64')}` : text;
}

function isoOrNull(ms: number): string | null {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
