export const unknown = 'unknown';

export function count(value: number): string {
  return value.toLocaleString('en-US');
}

export function orders(value: number | null): string {
  return value === null ? unknown : `${count(value)} orders`;
}

export function seconds(value: number | null): string {
  return value === null ? unknown : `${value.toFixed(1)} s`;
}

export function rate(perSecond: number | undefined): string {
  return perSecond === undefined ? unknown : `${count(Math.round(perSecond))}/s`;
}
