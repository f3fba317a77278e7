import net from 'node:net';
import tls from 'node:tls';
import type { ISocketFactory } from 'kafkajs';
import { Frames } from './frames.js';

const KEEP_ALIVE_MS = 60_000;

/**
 * Sockets that hand out whole responses. As they come by themselves, each 64 kB are an allocation outside of
 * the heap, of which a backlog makes so many that collecting garbage costs as much as the work.
 */
export const framed: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const frames = new Frames((frame) => socket.emit('data', frame));
  const onread = {
    buffer: () => frames.space,
    callback: (count: number): boolean => {
      try {
        frames.took(count);
      } catch (error) {
        socket.destroy(error as Error);
      }
      return true;
    },
  };
  const to = { host, port, onread };
  const named = net.isIP(host) ? {} : { servername: host };
  const socket: net.Socket = ssl
    ? tls.connect({ ...to, ...named, ...ssl }, onConnect)
    : net.connect(to, onConnect);
  return socket.setKeepAlive(true, KEEP_ALIVE_MS).setNoDelay(true);
};
