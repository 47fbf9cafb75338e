import type { Fault, FaultContext, RoleControl } from '../fault.ts';

/** SIGKILL to one process of a role, wherever it is in its work. */
export function killRole(role: 'gateway' | 'drainer', strikes: number): Fault {
  return {
    name: `kill-${role}`,
    summary: `kill -9 a ${role} at any moment`,
    strikes,
    bound: 'role',
    async strike(context, random) {
      const victim = random.pick(ofRole(context, role));
      await context.sleep(random.below(200));
      const pid = victim.pid();
      victim.signal('SIGKILL');
      if (pid !== undefined) await victim.untilGone(pid, 10_000);
      return { did: `${victim.label} killed (pid ${pid})`, heal: async () => undefined };
    },
  };
}

function ofRole({ gateways, drainers }: FaultContext, role: 'gateway' | 'drainer'): readonly RoleControl[] {
  return role === 'gateway' ? gateways : drainers;
}
