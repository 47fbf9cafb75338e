import type { DriveResult } from './driver/recorder.ts';

/** What a scenario has running beside its load. */
export interface Companion {
  /** Settings of the instance, which is started for the run. */
  readonly env: Readonly<Record<string, string>>;
  /** Begins with the load, and ends by itself or when the signal says so. */
  during(run: { readonly signal: AbortSignal; readonly say: (line: string) => void }): Promise<void>;
  /** The backlog has drained: waits for what is still under way, and says what came of it. */
  finish(run: CompanionRun): Promise<FollowOnFacts>;
  /** Idempotent. */
  close(): Promise<void>;
}

export interface CompanionRun {
  readonly saleId: string;
  readonly databaseUrl: string | undefined;
  readonly drive: DriveResult;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** What followers did with the orders of a run. */
export interface FollowOnFacts {
  readonly confirmedOrders: number;
  readonly ordersWithoutMail: number;
  /** Mails beyond the first for an order. */
  readonly mailsTwice: number;
  /** Mails of orders that are not confirmed. */
  readonly strayMails: number;
  /** Confirmed orders that the webhook's target was not told of. */
  readonly ordersNotPosted: number;
  readonly ordersWithoutPoints: number;
  /** Entries beyond one for each confirmed order. */
  readonly strayPoints: number;
  /** Seconds of the run in which the mail server was dead, from and to. */
  readonly outage?: { readonly fromSecond: number; readonly toSecond: number };
  /** Seconds from the last order's settling to the last mail. */
  readonly mailsDoneAfterSeconds: number;
}
