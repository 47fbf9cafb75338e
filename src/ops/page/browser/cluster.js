import { el, find, keyedList, setText } from './dom.js';
import { dash, duration, number, rate } from './format.js';

const titles = new Map([
  ['postgres', 'PostgreSQL'],
  ['redis', 'Redis'],
  ['rabbitmq', 'RabbitMQ'],
  ['mail', 'Mail'],
]);

/** What the cluster is made of: dependencies, queue and consumers, processes. */
export function createCluster() {
  const showDependencies = keyedList(
    find('#dependencies'),
    (/** @type {any} */ { name }) => name,
    createDependency,
  );
  const showProcesses = keyedList(find('#processes'), (/** @type {any} */ { id }) => id, createProcess);
  const showQueue = keyedList(find('#queue'), ([label]) => label, createFact);

  return {
    update(/** @type {any} */ { dependencies, processes, queue }) {
      showDependencies(dependencies);
      showProcesses([...processes].sort((a, b) => a.name.localeCompare(b.name)));
      if (queue || find('#queue').children.length === 0) showQueue(queueFacts(queue));
    },
  };
}

/** @returns {[string, string, string][]} */
function queueFacts(/** @type {any} */ queue) {
  const prefetches = queue?.prefetches ?? [];
  const different = [...new Set(prefetches)];
  return [
    ['Envelopes ready', number(queue?.ready), 'in sluice.orders'],
    ['In drainers’ hands', number(queue?.unacknowledged), 'delivered, not acknowledged'],
    [
      'Consumers',
      queue ? number(prefetches.length) : dash,
      prefetches.length === 0 ? 'nobody is drained' : 'on the order queue',
    ],
    ['Prefetch', different.length === 0 ? dash : different.map(number).join(', '), 'envelopes per consumer'],
  ];
}

function createFact(/** @type {[string, string, string]} */ [label]) {
  const value = el('dd');
  const hint = el('small');
  const node = el('div', {}, el('dt', {}, label, ' ', hint), value);
  return {
    node,
    update(/** @type {[string, string, string]} */ [, text, about]) {
      setText(value, text);
      setText(hint, about);
    },
  };
}

function createDependency(/** @type {any} */ { name }) {
  const text = el('span');
  const node = el('li', { class: 'pill', 'data-dependency': name }, el('i', { 'aria-hidden': 'true' }), text);
  return {
    node,
    update(/** @type {any} */ { up, awayFrom, blocked }) {
      const title = titles.get(name) ?? name;
      const state =
        up === false
          ? 'away'
          : blocked
            ? 'blocked'
            : awayFrom.length > 0
              ? `away from ${awayFrom.length}`
              : 'up';
      node.className = `pill ${state === 'up' ? 'good' : up === false ? 'bad' : 'warn'}`;
      node.setAttribute('title', awayFrom.length > 0 ? `not usable for ${awayFrom.join(', ')}` : '');
      setText(text, `${title} ${state}`);
    },
  };
}

function createProcess(/** @type {any} */ { name }) {
  const state = el('span', { class: 'pill' });
  const work = el('span', { class: 'work' });
  const node = el('li', {}, el('span', { class: 'name' }, name), work, state);
  return {
    node,
    update(/** @type {any} */ { role, ordersPerSecond, isSilent, silentSeconds, upSeconds }) {
      setText(work, role === 'ops' || isSilent ? '' : `${rate(ordersPerSecond)} orders/s`);
      state.className = `pill ${isSilent ? 'bad' : 'good'}`;
      setText(state, isSilent ? `silent for ${duration(silentSeconds)}` : `up ${duration(upSeconds)}`);
    },
  };
}
