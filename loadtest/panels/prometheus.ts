/** A span of time, in steps. */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepSeconds: number;
}

export interface RangeSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** A value for each step of the span; infinite and missing ones are undefined. */
  readonly values: readonly (number | undefined)[];
}

/** The query was refused. */
export class QueryError extends Error {
  readonly code = 'QUERY_FAILED';
}

/**
 * What an expression was worth at each step of the span.
 * @throws {QueryError}
 */
export async function askRange(prometheusUrl: string, expr: string, span: Span): Promise<RangeSeries[]> {
  const { startMs, endMs, stepSeconds } = span;
  const response = await fetch(new URL('/api/v1/query_range', prometheusUrl), {
    method: 'POST',
    body: new URLSearchParams({
      query: expr,
      start: String(startMs / 1_000),
      end: String(endMs / 1_000),
      step: String(stepSeconds),
    }),
  });
  const answer = (await response.json()) as {
    status: string;
    error?: string;
    data: { result: { metric: Record<string, string>; values: [number, string][] }[] };
  };
  if (answer.status !== 'success') throw new QueryError(`${expr}: ${answer.error}`);
  const steps = Math.floor((endMs - startMs) / 1_000 / stepSeconds) + 1;
  return answer.data.result.map(({ metric, values }) => {
    const at = new Map(
      values.map(([second, value]) => [Math.round((second - startMs / 1_000) / stepSeconds), Number(value)]),
    );
    return {
      labels: metric,
      values: Array.from({ length: steps }, (_, step) => {
        const value = at.get(step);
        return value !== undefined && Number.isFinite(value) ? value : undefined;
      }),
    };
  });
}
