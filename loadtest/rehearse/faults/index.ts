import type { Fault } from '../fault.ts';
import { killRole } from './kill-role.ts';

/** Every fault there is, in the order of the lists that people read. */
export const faults: readonly Fault[] = [killRole('gateway', 100), killRole('drainer', 100)];
