/** A change that breaks a promise, and who must notice. */
export interface Mutant {
  /** As an engineer would put it. */
  readonly name: string;
  readonly changes: readonly {
    /** Path in the repository. */
    readonly file: string;
    /** Stands there exactly once. */
    readonly from: string;
    readonly to: string;
  }[];
  readonly caughtBy: CatchingTest | CatchingAudit;
}

/** A test that holds for the code as it is, and fails for the mutant. */
export interface CatchingTest {
  readonly file: string;
  /** The test's title, whole. */
  readonly test: string;
}

/** A rehearsal that ends with NO-GO, because `sluice audit` finds one of these checks broken. */
export interface CatchingAudit {
  readonly rehearse: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly checks: readonly string[];
}

export const mutants: readonly Mutant[] = [
  {
    name: 'ack before commit',
    changes: [
      {
        file: 'src/drain/drainer.ts',
        from: '    const written = await writeBatch(batch, givingUp.signal, cap);\n',
        to: '    for (const entry of batch) markDone(entry);\n    const written = await writeBatch(batch, givingUp.signal, cap);\n',
      },
    ],
    caughtBy: {
      file: 'src/drain/drain.test.ts',
      test: 'what is not committed is not acknowledged: another drainer gets it',
    },
  },
  {
    name: 'no unique key',
    changes: [
      {
        file: 'src/ledger/migrations/001-ledger.sql',
        from: '  PRIMARY KEY (sale_id, transaction_id),\n',
        to: '',
      },
    ],
    caughtBy: {
      rehearse: ['--faults', 'lost-commit-reply', '--rounds', '1'],
      checks: ['once-per-transaction-id'],
    },
  },
  {
    name: 'ack over a gap',
    changes: [
      {
        file: 'src/queue/acknowledger.ts',
        from: '    while (done.delete(acknowledged + 1)) acknowledged += 1;\n',
        to: '    for (const tag of done) acknowledged = Math.max(acknowledged, tag);\n    done.clear();\n',
      },
    ],
    caughtBy: {
      file: 'src/queue/acknowledger.test.ts',
      test: 'it acknowledges everything that is done exactly once, and nothing else, in any order of events',
    },
  },
  {
    name: 'ignoring a returned message',
    changes: [
      {
        file: 'src/queue/sender.ts',
        from: '    if (acked && !publication.returned) {\n',
        to: '    if (acked) {\n',
      },
    ],
    caughtBy: {
      file: 'src/queue/publisher.test.ts',
      test: 'an envelope that the broker returns is unconfirmed, and the missing queue is declared again',
    },
  },
  {
    name: 'releasing a claim on timeout',
    changes: [
      {
        file: 'src/intake/place-order.ts',
        from: '      () => false,\n    );\n    underWay.add(saleId, transactionIds, confirmed);\n',
        to: `      () => {
        const release = (deps.claims as unknown as { settle(id: string, s: unknown[]): Promise<unknown> }).settle;
        const settledAtMs = Date.now();
        void release(
          saleId,
          orders.map((order) => ({ order, status: 'failed', reason: 'purged', settledAtMs })),
        ).catch(() => undefined);
        return false;
      },
    );
    underWay.add(saleId, transactionIds, confirmed);
`,
      },
    ],
    caughtBy: {
      rehearse: ['--faults', 'lost-confirm', '--rounds', '3'],
      checks: ['claims-agree', 'stock-drift'],
    },
  },
  {
    name: '202 before confirm',
    changes: [
      {
        file: 'src/intake/place-order.ts',
        from: "      if (!(await confirmed!)) return { outcome: 'outcome-unknown' };\n      return { outcome: 'accepted',",
        to: "      void confirmed;\n      return { outcome: 'accepted',",
      },
    ],
    caughtBy: {
      file: 'src/intake/outages.test.ts',
      test: 'a confirm that does not come: outcome-unknown, the breaker refuses before any claim, a replay heals',
    },
  },
  {
    name: 'cap read without its lock',
    changes: [
      {
        file: 'src/ledger/settle-batch.sql',
        from: '        FROM drain_cap c WHERE c.only_row FOR NO KEY UPDATE;\n',
        to: '        FROM drain_cap c WHERE c.only_row;\n',
      },
    ],
    caughtBy: {
      // More orders than the cap lets through, so that all drainers are at it all the time.
      rehearse: ['--faults', 'redis-scripts-flushed', '--rounds', '6', '--rate', '200', '--drainers', '4'],
      env: { DRAIN_MAX_ORDERS_PER_SECOND: '100' },
      checks: ['cap-kept'],
    },
  },
  {
    name: 'settle that counts twice',
    changes: [
      {
        file: 'src/claim/settle.lua',
        from: "    local first = was == '-'\n",
        to: '    local first = true\n',
      },
    ],
    caughtBy: {
      rehearse: ['--faults', 'lost-settle-reply,kill-at-settle-ack', '--rounds', '2'],
      checks: ['stock-drift', 'no-claim-left-behind'],
    },
  },
];
