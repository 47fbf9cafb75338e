/** Whether a stream shows colours: a terminal that knows them, and no `NO_COLOR`. */
export function isColoured(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && stream.hasColors();
}

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

/** Paints text, or leaves it as it is where there are no colours. */
export type Paint = (colour: keyof typeof codes, text: string) => string;

export function createPaint(coloured: boolean): Paint {
  return (colour, text) => (coloured ? `\x1b[${codes[colour]}m${text}\x1b[0m` : text);
}
