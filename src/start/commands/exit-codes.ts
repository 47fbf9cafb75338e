/** What the command's exit code says, as `docs/cli.md` lists it. */
export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;
