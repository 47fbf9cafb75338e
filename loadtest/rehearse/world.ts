/** What the command takes from the process that runs it. */
export interface RehearseWorld {
  /** Path of the compiled `sluice` command. */
  readonly cli: string;
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** Aborted when the user has had enough. */
  readonly signal: AbortSignal;
}
