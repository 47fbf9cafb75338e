import { showAge } from './age.js';
import { createCharts } from './charts.js';
import { createCluster } from './cluster.js';
import { onAction } from './confirm.js';
import { find, setText } from './dom.js';
import { createDrainSteering } from './drain.js';
import { createFollowers } from './followers.js';
import { duration, time } from './format.js';
import { createLetters } from './letters.js';
import { follow } from './live.js';
import { createSales } from './sales.js';
import { createTiles } from './tiles.js';
import { createTrail } from './trail.js';

const tiles = createTiles();
const charts = createCharts();
const sales = createSales();
const drain = createDrainSteering();
const cluster = createCluster();
const letters = createLetters();
const followers = createFollowers();
const trail = createTrail();
const lost = find('#lost');
/** @type {any} */
let latest;

onAction(() => {
  trail.refresh();
  letters.refresh();
  followers.refresh();
});
trail.refresh();

follow({
  onHistory: charts.setHistory,
  onSnapshot(snapshot) {
    latest = snapshot;
    noteKnown(snapshot);
    tiles.update(snapshot);
    charts.add(pointOf(snapshot));
    sales.update(snapshot);
    drain.update(snapshot);
    cluster.update(snapshot);
    letters.update(snapshot);
  },
  onContact(contact, sinceMs) {
    const contactPill = find('#contact');
    contactPill.className = `pill ${contact === 'live' ? 'good' : 'bad'}`;
    setText(find('span', contactPill), contact === 'live' ? 'Live' : 'No contact');
    document.body.classList.toggle('lost', contact === 'lost');
    lost.hidden = contact === 'live';
    if (contact === 'lost') {
      setText(
        find('[role=alert]', lost),
        latest
          ? `Contact is lost. All numbers are as of ${time(latest.at)}.`
          : 'There is no contact with the ops process yet.',
      );
      setText(
        find('.age', lost),
        sinceMs === undefined ? 'Trying again.' : `${duration(sinceMs / 1_000)} ago · trying again`,
      );
    }
    tiles.age();
    ageSections();
  },
});

/**
 * When a section's source last said something: a dependency may be away, or hang, although the page is not.
 *
 * @type {{ sales: number | undefined, queue: number | undefined }}
 */
const knownAt = { sales: undefined, queue: undefined };

function noteKnown(/** @type {any} */ snapshot) {
  const lookedAt = performance.now() - (snapshot.lookAgeSeconds ?? 0) * 1_000;
  for (const source of /** @type {const} */ (['sales', 'queue'])) {
    if (snapshot[source] !== null) knownAt[source] = lookedAt;
  }
}

function ageSections() {
  for (const source of /** @type {const} */ (['sales', 'queue'])) {
    const section = find(`#${source}`).closest('section');
    if (section) showAge(section, knownAt[source]);
  }
  letters.age();
  followers.age();
}

function pointOf(/** @type {any} */ { at, orders, drained, cap, waiting, intakeSeconds }) {
  return {
    at,
    offered: orders?.offered ?? null,
    accepted: orders?.accepted ?? null,
    soldOut: orders?.soldOut ?? null,
    refused: orders?.refused ?? null,
    drained: drained?.perSecond ?? null,
    cap: cap ? (cap.paused ? 0 : cap.ordersPerSecond) : null,
    waiting,
    p50: intakeSeconds?.p50 ?? null,
    p95: intakeSeconds?.p95 ?? null,
    p99: intakeSeconds?.p99 ?? null,
  };
}

for (const button of find('#ranges').querySelectorAll('button')) {
  button.onclick = () => {
    for (const other of find('#ranges').querySelectorAll('button')) {
      other.setAttribute('aria-pressed', String(other === button));
    }
    charts.setMinutes(Number(button.dataset.minutes));
  };
}

find('#logout').onclick = async () => {
  await fetch('/ops/logout', { method: 'POST' });
  location.assign('/ops');
};

fetch('/ops/session')
  .then((answer) => answer.json())
  .then(({ who }) => setText(find('#who'), who))
  .catch(() => undefined);
