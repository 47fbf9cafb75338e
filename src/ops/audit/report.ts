/** One thing that offends, by the names of its numbers. */
export type Offence = Readonly<Record<string, string | number | boolean | null>>;

/** `unjudged`: something that the check needs is away, or orders are still waiting. */
export type Verdict = 'holds' | 'broken' | 'unjudged';

export interface AuditCheck {
  readonly name: string;
  /** Number of the promise in the README that it checks. */
  readonly promise: number;
  readonly verdict: Verdict;
  /** The verdict is `holds`. */
  readonly ok: boolean;
  /** Rows, claims, orders or seconds that were looked at. */
  readonly looked: number;
  /** How many of these offend. */
  readonly found: number;
  /** The first 20 of them. */
  readonly offending: readonly Offence[];
  /** For people. */
  readonly detail: string;
}

export interface CapReport {
  /** Orders in the busiest closed sliding second; null where nothing was written. */
  readonly busiestSecondOrders: number | null;
  /** End of that second. */
  readonly busiestSecondAt: string | null;
  /** Cap and one batch, as they were in that second. */
  readonly allowedOrders: number | null;
  /** Orders written, of those the cap allowed, in the seconds with a backlog; null where there are none. */
  readonly capUsedRatio: number | null;
  readonly backlogSeconds: number;
  /** Seconds with a backlog in which draining stood still; they are not in `capUsedRatio`. */
  readonly stalledSeconds: number;
  /** Seconds with a backlog in which the database could not have written what the cap allows; not in it either. */
  readonly databaseBoundSeconds: number;
}

export interface SaleReport {
  readonly saleId: string;
  readonly archived: boolean;
  readonly confirmedOrders: number;
  readonly rejectedOrders: number;
  readonly failedOrders: number;
  /** Orders that have not settled; null where Redis does not say. */
  readonly waiting: number | null;
}

export interface AuditReport {
  /** Every check holds. */
  readonly ok: boolean;
  /** When the audit began. */
  readonly at: string;
  readonly sales: readonly SaleReport[];
  readonly checks: readonly AuditCheck[];
  readonly cap: CapReport;
  /** What an operator should look at, though no promise is broken by it. */
  readonly warnings: readonly string[];
  /** What was found besides. */
  readonly information: readonly string[];
}

/** Offences that are listed, of all that are found. */
export const listedOffences = 20;

/** Gathers what one check finds. */
export function createCheck(name: string, promise: number) {
  const offending: Offence[] = [];
  const reasons: string[] = [];
  let looked = 0;
  let found = 0;

  return {
    look(rows: number): void {
      looked += rows;
    },
    /** @param rows how many offences this one stands for */
    offend(offence: Offence, rows = 1): void {
      found += rows;
      if (offending.length < listedOffences) offending.push(offence);
    },
    /** The check cannot be judged in full, and why; each reason is said once. */
    cannotJudge(reason: string): void {
      if (!reasons.includes(reason)) reasons.push(reason);
    },
    /** @param holds what to say where it holds */
    done(holds: (looked: number) => string, broken: (found: number) => string): AuditCheck {
      const verdict: Verdict = found > 0 ? 'broken' : reasons.length > 0 ? 'unjudged' : 'holds';
      const said = found > 0 ? [broken(found), ...reasons] : reasons.length > 0 ? reasons : [holds(looked)];
      return {
        name,
        promise,
        verdict,
        ok: verdict === 'holds',
        looked,
        found,
        offending,
        detail: said.join('; '),
      };
    },
  };
}
export type Check = ReturnType<typeof createCheck>;
