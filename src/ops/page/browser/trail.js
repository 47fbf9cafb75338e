import { call, oneAtATime } from './api.js';
import { el, find, keyedList } from './dom.js';
import { moment, number } from './format.js';

const pageEntries = 20;
const refreshMs = 10_000;
/** Of what came since the last refresh. What is longer than that begins anew, and "Older" leads back. */
const maxPages = 10;
/** Of some entries nobody will ever know how they ended: only so many, the newest, are read again. */
const maxReadAgain = 10;

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
  let turn = Promise.resolve();

  /** One reading at a time: what is known has no gaps, and each begins where the one before has ended. */
  function inTurn(/** @type {() => Promise<void>} */ work) {
    turn = turn.then(work).catch(() => undefined);
    return turn;
  }

  /** Up to `limit` entries, newest first, older than the one with the ID `before`. @returns {Promise<any[]>} */
  async function read(/** @type {number} */ limit, /** @type {number | undefined} */ before) {
    const { entries } = await call('GET', `/trail?limit=${limit}${before ? `&before=${before}` : ''}`);
    return entries;
  }

  function add(/** @type {any[]} */ entries) {
    for (const entry of entries) known.set(entry.id, entry);
    show([...known.values()].sort((a, b) => b.id - a.id));
    find('.empty', section).hidden = known.size > 0;
  }

  /** The newest entries, down to one that is known already; `isWhole`: none between is left out. */
  async function readNew() {
    /** @type {any[]} */
    const entries = [];
    for (let pages = 0; pages < maxPages; pages += 1) {
      const page = await read(pageEntries, entries.at(-1)?.id);
      entries.push(...page);
      if (page.length < pageEntries || page.some(({ id }) => known.has(id)))
        return { entries, isWhole: true };
      if (known.size === 0) break;
    }
    return { entries, isWhole: false };
  }

  /** How those ended that were under way when they were read, and that no newest page holds any more. */
  async function readAgain(/** @type {number} */ before) {
    const open = [...known.values()].filter(({ id, outcome }) => outcome === null && id < before);
    const newest = open.sort((a, b) => b.id - a.id).slice(0, maxReadAgain);
    return (await Promise.all(newest.map(({ id }) => read(1, id + 1)))).flat();
  }

  /** Without an answer what is shown stands: entries do not grow old. */
  const refresh = oneAtATime(() =>
    inTurn(async () => {
      const { entries, isWhole } = await readNew();
      if (!isWhole) {
        known.clear();
        older.hidden = false;
      }
      add(entries);
      add(await readAgain(entries.at(-1)?.id ?? 0));
    }),
  );

  older.onclick = () =>
    inTurn(async () => {
      const entries = await read(pageEntries, Math.min(...known.keys()));
      older.hidden = entries.length < pageEntries;
      add(entries);
    });
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

/** Of a list the first few: a purge may name a hundred letters. */
const listedValues = 3;

/** @returns {string} */
function textOf(/** @type {unknown} */ value) {
  if (typeof value === 'number') return number(value);
  if (Array.isArray(value)) {
    const first = value.slice(0, listedValues).map(textOf).join(', ');
    return value.length > listedValues ? `${first} and ${number(value.length - listedValues)} more` : first;
  }
  if (typeof value !== 'string') return JSON.stringify(value);
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? moment(value) : value;
}

function spaced(/** @type {string} */ name) {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
