/** A metric of a Prometheus page: its samples, label sets as written. */
export interface Sample {
  readonly labels: string;
  readonly value: number;
}

/** The samples of one metric in the text format; none if the page does not have it. */
export function samplesOf(page: string, name: string): Sample[] {
  const samples: Sample[] = [];
  for (const line of page.split('\n')) {
    if (!line.startsWith(name)) continue;
    const match = /^(?:\{(.*)\})? (\S+)/.exec(line.slice(name.length));
    const value = Number(match?.[2]);
    if (match && !Number.isNaN(value)) samples.push({ labels: match[1] ?? '', value });
  }
  return samples;
}

/** The sum over all label sets; undefined if the metric is not there. */
export function sumOf(page: string, name: string): number | undefined {
  const samples = samplesOf(page, name);
  return samples.length === 0 ? undefined : samples.reduce((sum, { value }) => sum + value, 0);
}
