import type { Clock } from '../platform/clock.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';

export type AdmissionReason =
  | 'stopping'
  | 'inflight-limit'
  | 'waiting-limit'
  | 'overloaded'
  | 'claims-away'
  | 'catalogue-away'
  | 'broker-away'
  | 'broker-blocked'
  | 'broker-silent'
  | 'broker-full';

export interface AdmissionInputs {
  readonly maxInflight: number;
  readonly maxWaiting: number;
  /** An event loop that lags more than this sheds until it has caught up. */
  readonly maxLagMs: number;
  readonly claimsAvailable: () => boolean;
  readonly catalogueKnown: () => boolean;
  readonly publisherState: () => 'up' | 'away' | 'blocked' | 'breaker-open' | 'full';
  readonly waiting: () => number;
  readonly clock: Clock;
}

/** Decides, before anything is claimed, whether an order can be taken now. */
export interface Admission extends Lifecycle {
  /** The reason to refuse, or `undefined`. */
  refusal(): AdmissionReason | undefined;
  /** What is wrong with the gateway itself, whatever the load: for `/readyz`. */
  unready(): AdmissionReason[];
  enter(): void;
  leave(): void;
  inflight(): number;
  /** From now on everything is refused. */
  close(): void;
}

const lagProbeMs = 100;

const publisherReasons = {
  away: 'broker-away',
  blocked: 'broker-blocked',
  'breaker-open': 'broker-silent',
  full: 'broker-full',
} as const;

export function createAdmission(inputs: AdmissionInputs): Admission {
  let inflight = 0;
  let closed = false;
  let lagMs = 0;
  let probedAtMs = 0;
  let timer: NodeJS.Timeout | undefined;

  function dependencyRefusal(): AdmissionReason | undefined {
    if (!inputs.claimsAvailable()) return 'claims-away';
    if (!inputs.catalogueKnown()) return 'catalogue-away';
    const publisher = inputs.publisherState();
    return publisher === 'up' ? undefined : publisherReasons[publisher];
  }

  return {
    refusal() {
      if (closed) return 'stopping';
      if (inflight >= inputs.maxInflight) return 'inflight-limit';
      if (inputs.waiting() >= inputs.maxWaiting) return 'waiting-limit';
      if (lagMs > inputs.maxLagMs) return 'overloaded';
      return dependencyRefusal();
    },
    unready() {
      const reasons: AdmissionReason[] = [];
      if (closed) reasons.push('stopping');
      const dependency = dependencyRefusal();
      if (dependency) reasons.push(dependency);
      return reasons;
    },
    enter: () => {
      inflight += 1;
    },
    leave: () => {
      inflight -= 1;
    },
    inflight: () => inflight,
    close: () => {
      closed = true;
    },
    async start() {
      probedAtMs = inputs.clock.monotonicMs();
      timer = setInterval(() => {
        const nowMs = inputs.clock.monotonicMs();
        lagMs = Math.max(0, nowMs - probedAtMs - lagProbeMs);
        probedAtMs = nowMs;
      }, lagProbeMs);
    },
    async stop() {
      clearInterval(timer);
    },
  };
}
