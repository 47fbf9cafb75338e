/** Who acts, and through what. */
export interface Actor {
  /** A name for people: given at login, an address, or a user of the machine. */
  readonly who: string;
  readonly via: 'page' | 'api' | 'command';
}

export type TrailOutcome = 'done' | 'refused' | 'failed';

/** One thing an operator has done or tried. */
export interface TrailEntry extends Actor {
  readonly id: number;
  readonly atMs: number;
  /** As `cap`, `pause`, `sale close`. */
  readonly action: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** `null`: begun, and nobody knows how it ended. */
  readonly outcome: TrailOutcome | null;
  /** What came of it, for people. */
  readonly said: string | null;
}

/** The audit trail of operators' actions. All calls reject with OrderError `ledger-unavailable`. */
export interface Trail {
  /** Notes that an action begins; resolves with the entry's ID. */
  beginEntry(entry: Pick<TrailEntry, 'who' | 'via' | 'action' | 'details'>): Promise<number>;
  endEntry(id: number, outcome: TrailOutcome, said: string): Promise<void>;
  /** The newest `limit` entries, newest first; with `beforeId` those older than that one. */
  entries(limit: number, beforeId?: number): Promise<TrailEntry[]>;
}
