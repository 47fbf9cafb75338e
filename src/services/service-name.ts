export type ServiceName = 'postgres' | 'rabbitmq' | 'redis' | 'prometheus';

export const SERVICE_NAMES: readonly ServiceName[] = ['postgres', 'rabbitmq', 'redis', 'prometheus'];

export const SERVICE_TITLES: Record<ServiceName, string> = {
  postgres: 'PostgreSQL',
  rabbitmq: 'RabbitMQ',
  redis: 'Redis',
  prometheus: 'Prometheus',
};

/** Every port the servers listen on, all on loopback. */
export type PortName =
  | 'postgres'
  | 'amqp'
  | 'amqpManagement'
  | 'amqpMetrics'
  | 'mqtt'
  | 'stomp'
  | 'webStomp'
  | 'erlangDistribution'
  | 'epmd'
  | 'redis'
  | 'prometheus';

export const PORTS_OF: Record<ServiceName, readonly PortName[]> = {
  postgres: ['postgres'],
  rabbitmq: [
    'amqp',
    'amqpManagement',
    'amqpMetrics',
    'mqtt',
    'stomp',
    'webStomp',
    'erlangDistribution',
    'epmd',
  ],
  redis: ['redis'],
  prometheus: ['prometheus'],
};

export type Ports = Record<PortName, number>;
