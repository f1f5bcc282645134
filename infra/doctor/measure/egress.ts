import { connect, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { FoundWay } from '../judge/egress.ts';

export interface Way {
  host: string;
  port: number;
  /** Null: plain TCP, as to a local cloud. */
  tls: { ca: string | null } | null;
}

/** Opens TCP (and TLS) and closes it; says nothing on it. Never rejects, and ends within `limitMs`. */
export function tryWay({ host, port, tls }: Way, limitMs: number): Promise<FoundWay> {
  const startMs = performance.now();
  return new Promise((resolve) => {
    const socket =
      tls === null
        ? connect({ host, port })
        : connectTls({
            host,
            port,
            ...(isIP(host) === 0 ? { servername: host } : {}),
            ...(tls.ca === null ? {} : { ca: tls.ca }),
          });
    const end = (trouble: Omit<NonNullable<FoundWay['trouble']>, 'afterMs'> | null) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({
        host,
        port,
        trouble: trouble === null ? null : { ...trouble, afterMs: performance.now() - startMs },
      });
    };
    const timer = setTimeout(() => end({ kind: 'silent', say: 'says nothing' }), limitMs);
    socket.once(tls === null ? 'connect' : 'secureConnect', () => end(null));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? error.message;
      end({ kind: kindOf(code), say: `fails (${code})` });
    });
    socket.once('end', () => end({ kind: 'refused', say: 'closes the connection' }));
  });
}

function kindOf(code: string): 'name' | 'refused' | 'silent' | 'tls' {
  if (['ENOTFOUND', 'EAI_AGAIN', 'ENODATA'].includes(code)) return 'name';
  if (code === 'ETIMEDOUT') return 'silent';
  return /^E(CONN|HOST|NET|PIPE)/.test(code) ? 'refused' : 'tls';
}

/** What an address is reached by; credentials in it and paths count for nothing. */
export function wayTo(address: string, ca: string | null): Way {
  const url = new URL(address);
  const isTls = url.protocol === 'https:';
  return { host: url.hostname, port: Number(url.port) || (isTls ? 443 : 80), tls: isTls ? { ca } : null };
}
