import { drain } from './drain.ts';
import { followers } from './followers.ts';
import { gateway } from './gateway.ts';
import { rabbitmq } from './rabbitmq.ts';
import { sale } from './sale.ts';

/** Every dashboard, by the name of its file in `grafana/dashboards` without `.json`. */
export const dashboards: Readonly<Record<string, object>> = { sale, drain, gateway, rabbitmq, followers };
