import type { Fault, FaultContext, RoleControl } from '../fault.ts';

const goneMs = 10_000;
/** Longest wait for the moment of a kill: several batches, or envelopes, go by meanwhile. */
const momentMs = 200;

/** SIGKILL to one process of a role, wherever it is in its work. */
export function killRole(role: string, strikes: number): Fault {
  return {
    name: `kill-${role}`,
    summary: `kill -9 a ${role} at any moment`,
    strikes,
    bound: 'role',
    async strike(context, random) {
      const victim = random.pick(rolesOf(context, role));
      await victim.untilReady(goneMs);
      await context.sleep(random.below(momentMs));
      const pid = victim.pid()!;
      victim.signal('SIGKILL');
      await victim.untilGone(pid, goneMs);
      return { did: `${victim.label} (pid ${pid}) killed` };
    },
  };
}

/** SIGKILL at a named point between claim and acknowledgement; the process does it to itself. */
export function killAtFailpoint(role: string, failpoint: string, strikes: number): Fault {
  return {
    name: `kill-at-${failpoint}`,
    summary: `kill -9 a ${role} at the failpoint ${failpoint}`,
    strikes,
    bound: 'role',
    async strike(context, random) {
      const victim = random.pick(rolesOf(context, role));
      const hit = 1 + random.below(mostHits);
      await victim.restart({ SLUICE_FAILPOINT: `${failpoint}:${hit}` });
      await untilDeadAtFailpoint(victim, `${failpoint}:${hit}`);
      return { did: `${victim.label} died at ${failpoint}:${hit}` };
    },
  };
}

/** A gateway publishes and a drainer commits this often within a second or two of load. */
const mostHits = 12;
const hitWithinMs = 60_000;

async function untilDeadAtFailpoint(victim: RoleControl, point: string): Promise<void> {
  const pid = victim.pid();
  if (pid === undefined) return;
  try {
    await victim.untilGone(pid, hitWithinMs);
  } catch (error) {
    throw Object.assign(new Error(`${victim.label} never came to ${point}`, { cause: error }), {
      code: 'failpoint-not-hit',
    });
  }
}

function rolesOf({ roles }: FaultContext, role: string): readonly RoleControl[] {
  return roles.filter((each) => each.role === role);
}
