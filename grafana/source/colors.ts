/** Grafana's names of the colours that have a meaning here. */
export const colors = {
  /** Good; what was accepted. */
  green: 'green',
  /** What was drained. */
  blue: 'blue',
  /** Worth a look. */
  yellow: 'yellow',
  /** What was refused although nothing is broken. */
  orange: 'orange',
  /** Broken; a limit. */
  red: 'red',
  /** What waits. */
  purple: 'purple',
  grey: '#808080',
} as const;

export type ColorName = keyof typeof colors;
