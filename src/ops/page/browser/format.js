/** Numbers, durations and times as people read them; a dash for what is not known. */
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const clockTime = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const dayTime = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

export const dash = '–';

/** @param {number | null | undefined} count */
export function number(count) {
  return count === null || count === undefined ? dash : whole.format(count);
}

/** @param {number | null | undefined} perSecond */
export function rate(perSecond) {
  if (perSecond === null || perSecond === undefined) return dash;
  return (perSecond < 10 ? fine : whole).format(perSecond);
}

/** @param {number | null | undefined} seconds a latency */
export function latency(seconds) {
  if (seconds === null || seconds === undefined) return dash;
  if (seconds >= 60) return duration(seconds);
  if (seconds >= 1) return `${fine.format(seconds)} s`;
  const ms = seconds * 1_000;
  return `${(ms < 10 ? fine : whole).format(ms)} ms`;
}

/** @param {number | null | undefined} seconds a time to wait */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return dash;
  if (seconds < 1) return seconds === 0 ? '0 s' : '< 1 s';
  const all = Math.round(seconds);
  const [days, hours, minutes] = [
    Math.floor(all / 86_400),
    Math.floor(all / 3_600) % 24,
    Math.floor(all / 60) % 60,
  ];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${all % 60} s` : `${all} s`;
}

/** @param {number | string} at */
export function time(at) {
  return clockTime.format(new Date(at));
}

/** With the day where it is not today. @param {number | string} at */
export function moment(at) {
  const date = new Date(at);
  return date.toDateString() === new Date().toDateString() ? clockTime.format(date) : dayTime.format(date);
}
