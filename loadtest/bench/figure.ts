import type { Statuses } from './load/closed-loop.ts';

/** The contestants, in the order they take turns. */
export const contestants = [
  'bare',
  'accepted',
  'endToEnd',
  'endToEndFollowed',
  'soldOut',
  'perRequest',
  'perRequestCall',
  'bullmq',
] as const;
export type Contestant = (typeof contestants)[number];

/** What is measured; a contestant may give two. In orders/s. */
export type FigureName =
  | 'bare'
  | 'accepted'
  | 'acceptedDrained'
  | 'endToEnd'
  | 'endToEndFollowed'
  | 'soldOut'
  | 'perRequest'
  | 'perRequestCall'
  | 'bullmqAccepted'
  | 'bullmqWritten'
  | 'bullmqDrained';

export interface Figure {
  readonly name: FigureName;
  readonly ordersPerSecond: number;
  /** µs of CPU per order, by process. */
  readonly cpuMicrosPerOrder: Readonly<Record<string, number>>;
}

/** Whether what was answered is what is there. */
export interface AuditResult {
  readonly passed: boolean;
  readonly found: string;
}

/** One contestant's turn. */
export interface Turn {
  readonly contestant: Contestant;
  readonly round: number;
  readonly figures: readonly Figure[];
  readonly answers: Statuses;
  readonly audit: AuditResult;
}

/** What each figure is, as tables and the picture say it. */
export const figureTitles: Readonly<Record<FigureName, string>> = {
  bare: 'bare Fastify, same schema: the ceiling',
  accepted: 'Sluice: accepted, while it drains at the cap',
  acceptedDrained: 'Sluice: draining a backlog, cap lifted',
  endToEnd: 'Sluice: until the last order is committed',
  endToEndFollowed: 'Sluice: the same, loyalty and ranking following',
  soldOut: 'Sluice: sold out, each ID looked up first',
  perRequest: 'one Postgres transaction per request',
  perRequestCall: 'the same in one call of a stored function',
  bullmqAccepted: 'BullMQ: accepted, while its worker writes',
  bullmqWritten: 'BullMQ: written meanwhile',
  bullmqDrained: 'BullMQ: draining a backlog, nothing else on',
};
