/** The page's language: its texts, and numbers and times as it writes them. */
export function createWords(table, language) {
  const number = new Intl.NumberFormat(language);
  const time = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short' });
  const say = (key, values = {}) =>
    (table[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));

  return {
    say,
    number: (value) => number.format(value),
    time: (atMs) => time.format(atMs),
    /** An estimated wait; `undefined` while the line pauses. */
    wait(seconds) {
      if (seconds === undefined) return say('order.wait.paused');
      if (seconds <= 2) return say('order.wait.moment');
      if (seconds < 90) return say('order.wait.seconds', { n: number.format(seconds) });
      return say('order.wait.minutes', { n: number.format(Math.round(seconds / 60)) });
    },
  };
}
