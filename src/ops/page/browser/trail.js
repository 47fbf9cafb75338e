import { call } from './api.js';
import { el, find, keyedList } from './dom.js';
import { moment, number } from './format.js';

const pageEntries = 20;
const refreshMs = 10_000;

/** Who has changed what, and when. */
export function createTrail() {
  const section = find('#trail');
  const older = find('[data-do=older]', section);
  const show = keyedList(
    find('ul.rows', section),
    (/** @type {any} */ { id, outcome }) => `${id} ${outcome}`,
    createEntry,
  );
  /** By ID. @type {Map<number, any>} */
  const known = new Map();

  async function load(/** @type {string} */ query) {
    const { entries } = await call('GET', `/trail?limit=${pageEntries}${query}`);
    for (const entry of entries) known.set(entry.id, entry);
    show([...known.values()].sort((a, b) => b.id - a.id));
    find('.empty', section).hidden = known.size > 0;
    return entries.length;
  }

  /** Without an answer what is shown stands: entries do not grow old. */
  async function refresh() {
    const wasEmpty = known.size === 0;
    const came = await load('').catch(() => 0);
    if (wasEmpty) older.hidden = came < pageEntries;
  }

  older.onclick = async () => {
    older.hidden =
      (await load(`&before=${Math.min(...known.keys())}`).catch(() => pageEntries)) < pageEntries;
  };
  setInterval(() => {
    if (!document.hidden) refresh();
  }, refreshMs);
  return { refresh };
}

function createEntry(/** @type {any} */ { at, who, via, action, details, outcome, said }) {
  const state = outcome ?? 'unknown';
  const node = el(
    'li',
    { class: 'entry' },
    el('time', { datetime: at }, moment(at)),
    el('span', { class: 'by' }, who, ' ', el('small', {}, via)),
    el('span', { class: 'what' }, el('b', {}, action), ' ', detailsOf(details)),
    el('span', { class: `came ${state}` }, el('b', {}, state), said ? ` ${said}` : ''),
  );
  return { node, update() {} };
}

function detailsOf(/** @type {Record<string, unknown>} */ details) {
  const shown = Object.entries(details).filter(([name]) => name !== 'restockId');
  return shown
    .map(([name, value]) =>
      name === 'saleId' || name === 'sku' ? `${value}` : `${spaced(name)} ${textOf(value)}`,
    )
    .join(', ');
}

function textOf(/** @type {unknown} */ value) {
  if (typeof value === 'number') return number(value);
  if (typeof value !== 'string') return JSON.stringify(value);
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? moment(value) : value;
}

function spaced(/** @type {string} */ name) {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
