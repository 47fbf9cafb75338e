import type { Place } from './words.ts';

/** A word of bash and zsh that is taken to the letter. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The pattern of a `case` in bash and zsh that knows every place but the first. */
export function placePattern(places: readonly Place[]): string {
  return places
    .filter(({ path }) => path !== '')
    .map(({ path }) => quote(path))
    .join('|');
}

/** The pattern of a `case` over a place with one of its options behind it. */
export function optionPattern(
  places: readonly Place[],
  optionsOf: (place: Place) => readonly string[],
): string {
  return places
    .flatMap((place) => optionsOf(place).map((option) => quote(`${place.path} ${option}`)))
    .join('|');
}
