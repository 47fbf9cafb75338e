/**
 * Loaded with `--import` into one process: after `afterMs` of its life, its wall clock is off by `ms`, from one
 * moment to the next. Both come in the query of this module's URL. Timers and `performance.now()` go on as they were.
 */
const query = new URL(import.meta.url).searchParams;
const shiftMs = Number(query.get('ms'));
const stepAtMs = performance.now() + Number(query.get('afterMs'));
const RealDate = Date;
const realNow = Date.now;
const now = () => realNow() + (performance.now() >= stepAtMs ? shiftMs : 0);

globalThis.Date = class ShiftedDate extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(now());
    else super(...args);
  }
  static now() {
    return now();
  }
};
