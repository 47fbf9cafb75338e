/** Waits for `work` to end, in whatever way, for `deadlineMs` at most. Never rejects. */
export function withinDeadline(work: Promise<unknown>, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, deadlineMs);
    const ended = () => {
      clearTimeout(timer);
      resolve();
    };
    work.then(ended, ended);
  });
}
