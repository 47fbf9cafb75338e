import type { Setting, SettingName, settings } from './settings.ts';

type Value<S extends Setting> = S['kind'] extends 'integer'
  ? number
  : S['kind'] extends 'list' | 'choices'
    ? readonly string[]
    : string;

/** The settings as values; those without a default may be `undefined`. */
export type Config = {
  readonly [N in SettingName]: (typeof settings)[N] extends { fallback: string }
    ? Value<(typeof settings)[N]>
    : Value<(typeof settings)[N]> | undefined;
} & {
  /** Whether the environment gives the setting, rather than its default. */
  isSet(name: SettingName): boolean;
};
