import { startOwnInstance } from './own-instance.ts';
import { answers, type RunFile, readRunFile } from './run-file.ts';
import type { SluiceCommand } from './sluice-command.ts';
import { refuseForeignTargets } from './target-guard.ts';

export interface AttachOptions {
  /** Where `.sluice/run.json` is looked for first, and how commands are run. */
  readonly command: SluiceCommand;
  /** Gateways named by the caller; none: those of the instance. */
  readonly targets: readonly URL[];
  readonly ownsTargets: boolean;
  /** The ops role behind `targets`, which says what waits there; where `.sluice/run.json` names it, that one is asked. */
  readonly ops?: URL;
  /** Set: an instance of its own is started with these settings, whatever runs here. */
  readonly ownEnv?: Readonly<Record<string, string>> | undefined;
  /** Processes of an instance that has to be started. */
  readonly gateways: number;
  readonly drainers: number;
  /** What an instance that was started says goes there. */
  readonly logFile: string;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** The instance under test, however it came to be there. */
export interface Instance {
  readonly command: SluiceCommand;
  readonly targets: readonly URL[];
  /** Undefined where only `--target` is known; without processes where `--ops` is known besides. */
  readonly runFile: () => Promise<RunFile | undefined>;
  readonly startedHere: boolean;
  /** Stops what was started here; nothing else. Idempotent. */
  readonly stop: () => Promise<void>;
}

/**
 * Uses the instance that runs in the folder, or the one that `targets` and the environment name, or starts one.
 * @throws {ForeignTargetError} before anything is started or sent; {InstanceStartError}
 */
export async function attach(options: AttachOptions): Promise<Instance> {
  const { command, targets, ownsTargets, say } = options;
  refuseForeignTargets(targets, ownsTargets);
  const found = options.ownEnv ? undefined : await readRunFile(command.folder);
  const alive = found !== undefined && (await answers(new URL('/livez', found.gatewayUrl)));
  if (alive) {
    const chosen = targets.length > 0 ? targets : await gatewaysOf(found);
    refuseForeignTargets(chosen, ownsTargets);
    say(`Using the instance in ${command.folder}`);
    return {
      command,
      targets: chosen,
      runFile: () => readRunFile(command.folder),
      startedHere: false,
      stop: async () => {},
    };
  }
  if (targets.length > 0) {
    const named = options.ops && {
      ...{ gatewayUrl: targets[0]!.href, opsUrl: options.ops.href },
      ...{ processes: [], services: [] },
    };
    return { command, targets, runFile: async () => named, startedHere: false, stop: async () => {} };
  }
  const why = options.ownEnv ? 'This scenario has its own' : 'Nothing runs here: starting an';
  say(`${why} instance (${options.gateways} gateway, ${options.drainers} drainer)`);
  const { cli } = command;
  // Followers share the machine, and are not what is measured unless the scenario or the caller says so.
  const env = { FOLLOWERS: 'none', ...command.env, ...options.ownEnv };
  const own = await startOwnInstance({ ...options, cli, env });
  return {
    command: { cli, env, folder: own.folder },
    targets: await gatewaysOf(own.runFile),
    runFile: () => readRunFile(own.folder),
    startedHere: true,
    stop: own.stop,
  };
}

// run.json names one gateway for shoppers. Others serve them too where their own port answers like one.
async function gatewaysOf({ gatewayUrl, processes }: RunFile): Promise<URL[]> {
  const first = new URL(gatewayUrl);
  const gateways = processes.filter(({ role }) => role.startsWith('gateway'));
  const others = [...new Set(gateways.map(({ metricsUrl }) => new URL(metricsUrl).origin))];
  const serving = await Promise.all(
    others
      .filter((origin) => origin !== first.origin)
      .map(async (origin) => ((await listsSales(origin)) ? [new URL(origin)] : [])),
  );
  return [first, ...serving.flat()];
}

async function listsSales(origin: string): Promise<boolean> {
  try {
    const response = await fetch(new URL('/sales', origin), { signal: AbortSignal.timeout(1_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
