import type { ClaimedOrder } from '../order/order.ts';
import type { OrderView } from '../order/ports/claims.ts';
import type { LedgerOrder } from '../order/ports/ledger.ts';
import type { OrderStatus } from '../order/states.ts';
import type { SaleBoard } from './sale-board.ts';
import { etaSeconds } from './waiting-time.ts';

/** An order as shoppers read it. */
export interface OrderReply {
  readonly saleId: string;
  readonly transactionId: string;
  readonly sku?: string;
  readonly quantity?: number;
  readonly status: OrderStatus;
  readonly reason?: string;
  readonly position?: number;
  readonly etaSeconds?: number;
  readonly acceptedAt?: string;
  readonly settledAt?: string;
}

type Backlog = Pick<SaleBoard, 'waitingBeside' | 'capOrdersPerSecond'>;

/** The answer to an order that was just accepted. */
export function acceptedReply(order: ClaimedOrder, position: number, backlog: Backlog): OrderReply {
  const eta = etaOf(order.saleId, position, backlog);
  return {
    saleId: order.saleId,
    transactionId: order.transactionId,
    status: 'accepted',
    position,
    ...(eta === undefined ? {} : { etaSeconds: eta }),
  };
}

/** An order from the claims, waiting or settled. */
export function viewReply(view: OrderView, backlog: Backlog): OrderReply {
  const { order, status, position } = view;
  const eta = position === undefined ? undefined : etaOf(order.saleId, position, backlog);
  return {
    saleId: order.saleId,
    transactionId: order.transactionId,
    sku: order.sku,
    quantity: order.quantity,
    status,
    ...(view.reason === undefined ? {} : { reason: view.reason }),
    ...(position === undefined ? {} : { position }),
    ...(eta === undefined ? {} : { etaSeconds: eta }),
    acceptedAt: new Date(order.claimedAtMs).toISOString(),
    ...(view.settledAtMs === undefined ? {} : { settledAt: new Date(view.settledAtMs).toISOString() }),
  };
}

/** A settled order from the ledger, once the claims have forgotten it. */
export function ledgerReply({ order, status, reason, settledAtMs }: LedgerOrder): OrderReply {
  return {
    saleId: order.saleId,
    transactionId: order.transactionId,
    sku: order.sku,
    quantity: order.quantity,
    status,
    ...(reason === undefined ? {} : { reason }),
    acceptedAt: new Date(order.claimedAtMs).toISOString(),
    settledAt: new Date(settledAtMs).toISOString(),
  };
}

export function isSettled(status: OrderStatus): boolean {
  return status !== 'pending' && status !== 'accepted';
}

function etaOf(saleId: string, position: number, backlog: Backlog): number | undefined {
  return etaSeconds({
    position,
    waitingBeside: backlog.waitingBeside(saleId),
    capOrdersPerSecond: backlog.capOrdersPerSecond(),
  });
}
