import { createProxy, type TcpProxy } from '../../loadtest/rehearse/proxy/proxy.ts';

/** A TCP connection to a server with a valve in it. */
export type Valve = Pick<TcpProxy, 'url' | 'hold' | 'release' | 'cut' | 'mend' | 'close'>;

/** Stands between a stage and a server of the stack, which other tests use as well. */
export const createValve = (serverUrl: string): Promise<Valve> => createProxy(serverUrl);
