import { showAge } from './age.js';
import { el, find, keyedList, setText } from './dom.js';
import { dash, duration, latency, number, rate } from './format.js';

/**
 * @typedef {object} Tile
 * @property {string} key
 * @property {string} label
 * @property {(snapshot: any) => string | undefined} value `undefined`: not known now
 * @property {(snapshot: any) => string} detail
 * @property {(snapshot: any) => boolean} [isFromLook] its source is the look at the cluster
 * @property {(snapshot: any) => number | undefined} [share] 0 to 1: a bar
 * @property {(snapshot: any) => boolean} [alarm]
 */

const perSecond = (/** @type {number | null | undefined} */ count) =>
  count === null || count === undefined ? undefined : rate(count);

/** The sale's essential numbers, first what comes in, then what goes out. @type {Tile[]} */
const tiles = [
  {
    key: 'offered',
    label: 'Offered',
    value: ({ orders }) => perSecond(orders?.offered),
    detail: ({ orders }) =>
      orders?.replayed > 0 ? `orders/s · ${rate(orders.replayed)} of them sent again` : 'orders/s',
  },
  {
    key: 'accepted',
    label: 'Accepted',
    value: ({ orders }) => perSecond(orders?.accepted),
    detail: () => 'orders/s, held for the ledger',
  },
  {
    key: 'sold-out',
    label: 'Sold out',
    value: ({ orders }) => perSecond(orders?.soldOut),
    detail: () => 'answers/s',
  },
  {
    key: 'refused',
    label: 'Refused',
    value: ({ orders }) => perSecond(orders?.refused),
    detail: ({ orders }) =>
      orders?.refused > 0 ? refusalsOf(orders.byOutcome) : 'answers/s, for all other reasons',
    alarm: ({ orders }) =>
      (orders?.byOutcome.unavailable ?? 0) + (orders?.byOutcome['outcome-unknown'] ?? 0) > 0,
  },
  {
    key: 'drained',
    label: 'Drained',
    value: ({ drained }) => perSecond(drained?.perSecond),
    detail: ({ cap }) => (cap ? capOf(cap) : 'cap not known'),
    share: ({ drained, cap }) =>
      drained && cap && !cap.paused ? Math.min(1, drained.perSecond / cap.ordersPerSecond) : undefined,
    alarm: ({ cap }) => cap?.paused === true,
  },
  {
    key: 'waiting',
    label: 'Waiting',
    value: ({ waiting }) => (waiting === null ? undefined : number(waiting)),
    detail: ({ oldestAgeSeconds }) =>
      oldestAgeSeconds === null ? 'orders' : `orders · the oldest for ${duration(oldestAgeSeconds)}`,
    isFromLook: () => true,
  },
  {
    key: 'drain',
    label: 'Time to drain',
    value: ({ drainSeconds, waiting, cap }) =>
      drainSeconds === null ? (waiting > 0 && cap?.paused ? 'paused' : undefined) : duration(drainSeconds),
    detail: ({ settleSeconds }) =>
      settleSeconds?.p99 === null || !settleSeconds
        ? 'for all that waits, at the cap'
        : `p99 from claim to commit ${latency(settleSeconds.p99)}`,
    isFromLook: () => true,
  },
  {
    key: 'answer',
    label: 'Answer p99',
    value: ({ intakeSeconds }) =>
      !intakeSeconds ? undefined : intakeSeconds.p99 === null ? dash : latency(intakeSeconds.p99),
    detail: ({ intakeSeconds }) =>
      intakeSeconds && intakeSeconds.p99 !== null
        ? `p50 ${latency(intakeSeconds.p50)} · p95 ${latency(intakeSeconds.p95)}`
        : 'no orders this second',
  },
];

function refusalsOf(/** @type {Record<string, number>} */ byOutcome) {
  const rest = Object.entries(byOutcome)
    .filter(([outcome, count]) => count > 0 && !['accepted', 'replayed', 'sold-out'].includes(outcome))
    .sort(([, a], [, b]) => b - a);
  return rest.map(([outcome, count]) => `${outcome.replaceAll('-', ' ')} ${rate(count)}`).join(' · ');
}

function capOf(/** @type {any} */ cap) {
  if (cap.paused) return `paused · the cap is ${number(cap.ordersPerSecond)}`;
  return `of ${number(cap.ordersPerSecond)} orders/s · ${cap.reason}`;
}

/** Draws the tiles. What is not known now stays as it was last known, greyed, with its age. */
export function createTiles() {
  /** @type {Map<string, number>} */
  const knownAt = new Map();
  const show = keyedList(find('#tiles'), (/** @type {{ tile: Tile }} */ { tile }) => tile.key, createTile);

  /** @returns {{ node: Element, update(shown: { tile: Tile, snapshot: any }): void }} */
  function createTile(/** @type {{ tile: Tile }} */ { tile }) {
    const value = el('p', { class: 'value' }, dash);
    const detail = el('p', { class: 'detail' });
    const bar = el('i');
    const meter = el('p', { class: 'meter', hidden: '' }, bar);
    const age = el('p', { class: 'age' });
    const node = el('li', { class: `tile ${tile.key}`, 'data-tile': tile.key });
    node.append(el('h3', {}, tile.label), value, meter, detail, age);
    return {
      node,
      update({ snapshot }) {
        const text = tile.value(snapshot);
        const share = text === undefined ? undefined : tile.share?.(snapshot);
        node.classList.toggle('alarm', tile.alarm?.(snapshot) === true);
        meter.hidden = share === undefined;
        if (share !== undefined) bar.style.width = `${Math.round(share * 100)}%`;
        if (text === undefined) return;
        setText(value, text);
        setText(detail, tile.detail(snapshot));
        const lookAgeMs = tile.isFromLook?.(snapshot) ? (snapshot.lookAgeSeconds ?? 0) * 1_000 : 0;
        knownAt.set(tile.key, performance.now() - lookAgeMs);
      },
    };
  }

  return {
    update: (/** @type {any} */ snapshot) => show(tiles.map((tile) => ({ tile, snapshot }))),
    /** Greys what has grown old. */
    age() {
      for (const { key } of tiles) {
        const node = document.querySelector(`[data-tile="${key}"]`);
        if (node) showAge(node, knownAt.get(key));
      }
    },
  };
}
