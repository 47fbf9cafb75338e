import { element, setText } from './dom.js';

const units = [
  ['days', 86_400],
  ['hours', 3_600],
  ['minutes', 60],
  ['seconds', 1],
];
/** A longer way off, the date says it better. */
const nearMs = 100 * 86_400_000;

/** The time until the doors open or close, in days, hours, minutes and seconds; hidden where neither is near. */
export function createCountdown({ box, words }) {
  const label = element('p', { class: 'label' });
  const digits = units.map(([name]) => {
    const value = element('b');
    return {
      value,
      cell: element('div', { class: 'unit' }, value, element('span', {}, words.say(`countdown.${name}`))),
    };
  });
  const cells = element('div', { class: 'cells' }, ...digits.map(({ cell }) => cell));
  box.append(label, cells);

  return {
    /** @param {'opens' | 'closes' | undefined} what */
    show(what, leftMs) {
      box.hidden = what === undefined || leftMs <= 0 || leftMs > nearMs;
      if (box.hidden) return;
      setText(label, words.say(`countdown.${what}`));
      box.classList.toggle('near', leftMs < 10_000 && what === 'opens');
      let left = Math.ceil(leftMs / 1_000);
      for (const [i, [, seconds]] of units.entries()) {
        const value = Math.floor(left / seconds);
        left -= value * seconds;
        setText(digits[i].value, String(value).padStart(2, '0'));
        digits[i].cell.hidden = i === 0 && value === 0;
      }
    },
  };
}
