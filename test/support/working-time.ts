const tickMs = 20;

/**
 * How long something took by the event loop of this process, in ms and to within 20: time in which a busy machine
 * leaves the process no turn does not count, time in which it waits for a timer or an answer does.
 */
export async function workingTime<T>(work: Promise<T>): Promise<{ result: T; tookMs: number }> {
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
  }, tickMs);
  try {
    const result = await work;
    return { result, tookMs: ticks * tickMs };
  } finally {
    clearInterval(timer);
  }
}
