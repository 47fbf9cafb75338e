import { call } from './api.js';
import { ask } from './confirm.js';
import { find, setText } from './dom.js';
import { number } from './format.js';
import { wholeNumber } from './whole-number.js';

const capText = 'A whole number from 1 to 1,000,000 orders per second, for all drainers together.';

/** Steering of the drain: its cap, pause and resume. */
export function createDrainSteering() {
  /** @type {any} */
  let cap;
  const pause = find('#pause');

  find('#set-cap').onclick = () =>
    ask({
      title: 'Set the cap',
      text: 'How many orders are written to the database per second. In force with the next batch.',
      fields: [
        {
          name: 'cap',
          label: 'Orders per second',
          value: cap ? String(cap.ordersPerSecond) : '',
          hint: capText,
        },
      ],
      verb: 'Set the cap',
      async run({ cap: wanted }) {
        const ordersPerSecond = wholeNumber(wanted);
        if (ordersPerSecond === undefined) throw new Error(`${capText} In digits alone, as 2000.`);
        const now = await call('PUT', '/cap', { ordersPerSecond });
        return `The cap is ${number(now.ordersPerSecond)} orders/s.`;
      },
    });

  pause.onclick = () => {
    const paused = cap?.paused === true;
    ask({
      title: paused ? 'Resume draining?' : 'Pause draining?',
      text: paused
        ? 'Drainers go on writing orders, at the cap.'
        : 'No order is written until you resume. Orders are still accepted, and wait.',
      verb: paused ? 'Resume' : 'Pause',
      danger: !paused,
      async run() {
        const now = await call('POST', paused ? '/resume' : '/pause');
        return now.paused
          ? 'Draining is paused.'
          : `Draining goes on at ${number(now.ordersPerSecond)} orders/s.`;
      },
    });
  };

  return {
    update(/** @type {any} */ snapshot) {
      if (!snapshot.cap) return;
      cap = snapshot.cap;
      setText(pause, cap.paused ? 'Resume draining…' : 'Pause draining…');
      pause.classList.toggle('primary', cap.paused);
      find('#paused-note').hidden = !cap.paused;
    },
  };
}
