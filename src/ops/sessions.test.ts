import { expect, it } from 'vitest';
import { createSessions, sessionLifetimeMs } from './sessions.ts';

function sessionsAt(nowMs = 1_000_000) {
  const clock = { nowMs: () => nowMs };
  const sessions = createSessions({ clock });
  return { sessions, advance: (ms: number) => (nowMs += ms) };
}

it('a session stands for its lifetime and not a moment longer', () => {
  const { sessions, advance } = sessionsAt();
  const value = sessions.begin('Ann');
  advance(sessionLifetimeMs - 1);
  expect(sessions.find(value)).toMatchObject({ who: 'Ann' });
  advance(1);
  expect(sessions.find(value)).toBeUndefined();
});

it('no two are alike, no value but those given opens one, and the oldest give way', () => {
  const { sessions } = sessionsAt();
  const values = Array.from({ length: 1_001 }, (_, i) => sessions.begin(`operator ${i}`));
  expect(new Set(values).size).toBe(1_001);
  expect(sessions.find(undefined)).toBeUndefined();
  expect(sessions.find('')).toBeUndefined();
  expect(sessions.find(`${values[500]}x`)).toBeUndefined();
  expect(sessions.find(values[0])).toBeUndefined();
  expect(sessions.find(values[1])).toMatchObject({ who: 'operator 1' });
});
