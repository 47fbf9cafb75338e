import { graph, type Panel } from './panels.ts';

/** What Node says of the processes of a role: processor, memory, event loop. */
export function processPanels(role: string, matchers = ''): Panel[] {
  const of = `{role="${role}"${matchers}}`;
  return [
    graph({
      title: 'Processor',
      description:
        'Processor time per second of each process. Node works on one core: near 100 % it is the limit.',
      unit: 'percentunit',
      w: 8,
      queries: [
        {
          expr: `sum by (instance) (rate(process_cpu_seconds_total${of}[$__rate_interval]))`,
          legend: '{{instance}}',
        },
      ],
    }),
    graph({
      title: 'Memory',
      description: 'Resident memory of each process. It may rise with traffic; it should not rise with time.',
      unit: 'bytes',
      w: 8,
      queries: [{ expr: `max by (instance) (process_resident_memory_bytes${of})`, legend: '{{instance}}' }],
    }),
    graph({
      title: 'Event loop delay, p99',
      description:
        'How late Node gets to what is due, since the process started or was last scraped. Tens of milliseconds mean that the process, or its machine, is overloaded.',
      unit: 's',
      w: 8,
      queries: [
        { expr: `max by (instance) (nodejs_eventloop_lag_p99_seconds${of})`, legend: '{{instance}}' },
      ],
    }),
  ];
}
